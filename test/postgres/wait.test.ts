import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CANARY } from "../support/canary.ts";
import { createDatabase, type Database } from "../support/database.ts";
import { type Server, startServer } from "../support/embedded-postgres.ts";
import { folder, headgate, startHeadgate } from "../support/headgate.ts";
import { eventually } from "./scene.ts";
import { expectNoSecret } from "./secrets.ts";

let server: Server;
let database: Database;
let desk: ReturnType<typeof folder>;

beforeAll(async () => {
  server = await startServer({ settings: ["fsync = off"], password: "only-for-the-administrator" });
  database = await createDatabase(server.url());
  desk = folder({ "brief.yaml": "wait: {timeout: 1s}", "long.yaml": "wait: {timeout: 50s}" });
  await database.sql(`CREATE ROLE app LOGIN PASSWORD '${CANARY.replaceAll("'", "''")}'`);
  await database.sql(`GRANT ALL ON DATABASE ${database.name} TO app; GRANT ALL ON SCHEMA public TO app`);
});
afterAll(async () => {
  desk.remove();
  await server.remove();
});

const urlOf = (user: string, password: string, rest = "") =>
  `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${server.port}/${database.name}${rest}`;
const brief = async (url: string) => await headgate(["wait", "-f", `${desk.path}/brief.yaml`], { DATABASE_URL: url });

describe("wait ends at once with code 1, because waiting cannot mend it, when", () => {
  it("the password is wrong, and never prints it", async () => {
    const result = await headgate(["wait", "-f", `${desk.path}/long.yaml`], {
      DATABASE_URL: urlOf("app", `${CANARY}-wrong`),
    });
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain(`127.0.0.1:${server.port}/${database.name} as app`);
    expect(result.stderr).toContain("28P01");
    expectNoSecret(result.stdout + result.stderr);
  });

  it("the role does not exist", async () => {
    const { code, stderr } = await brief(urlOf("nobody-such", "x"));
    expect(code).toBe(1);
    expect(stderr).toContain("nobody-such");
  });

  it("there is no such database", async () => {
    const { code, stderr } = await brief(urlOf("app", CANARY).replace(database.name, "shop_typo"));
    expect(code).toBe(1);
    expect(stderr).toContain('database "shop_typo" does not exist');
  });

  it("a server without TLS is asked with sslmode=require or verify-full", async () => {
    for (const mode of ["require", "verify-full"]) {
      const { code, stderr } = await brief(urlOf("app", CANARY, `?sslmode=${mode}`));
      expect({ mode, code }).toEqual({ mode, code: 1 });
      expect(stderr).toContain(`TLS mode ${mode}: it offers no TLS`);
    }
  });

  it("sslmode=prefer falls back to no TLS, and there the password is wrong", async () => {
    const { code, stderr } = await brief(urlOf("app", "not-this-one", "?sslmode=prefer"));
    expect(code).toBe(1);
    expect(stderr).toContain("wrong-credentials");
    expect(stderr).not.toContain("tls-failed");
  });

  it("nothing says which database", async () => {
    expect(await headgate(["wait"])).toMatchObject({ code: 1, stderr: expect.stringContaining("DATABASE_URL") });
  });

  it("a port is no number", async () => {
    for (const PGPORT of ["abc", "54e2", "99999"]) {
      const result = await headgate(["wait", "-f", `${desk.path}/brief.yaml`], { PGHOST: "127.0.0.1", PGPORT });
      expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining(PGPORT) });
    }
  });
});

describe("wait ends with code 2 after wait.timeout, and names the last real reason, when", () => {
  it("nothing listens there", async () => {
    const { code, stderr } = await brief("postgresql://app@127.0.0.1:1/shop");
    expect(code).toBe(2);
    expect(stderr).toMatch(/unreachable: 127\.0\.0\.1:1\/shop as app .* refused \(ECONNREFUSED\)/);
  });

  it("the name does not resolve", async () => {
    const { code, stderr } = await brief("postgresql://app@database.invalid/shop?sslmode=disable");
    expect(code).toBe(2);
    expect(stderr).toMatch(/database\.invalid.*(does not resolve|name server)/);
  });

  it("the role has no connection left", async () => {
    await database.sql("ALTER ROLE app CONNECTION LIMIT 0");
    const { code, stderr } = await brief(urlOf("app", CANARY));
    await database.sql("ALTER ROLE app CONNECTION LIMIT -1");
    expect(code).toBe(2);
    expect(stderr).toContain("too many connections (53300)");
    expectNoSecret(stderr);
  });
});

describe("wait", () => {
  it("refuses a database that is read-only by setting with code 3, while status may look", async () => {
    await database.sql("ALTER ROLE app SET default_transaction_read_only = on");
    const { code, stderr } = await brief(urlOf("app", CANARY));
    const look = await headgate(["status", "--dir", desk.path], { DATABASE_URL: urlOf("app", CANARY) });
    await database.sql("ALTER ROLE app RESET default_transaction_read_only");
    expect(code).toBe(3);
    expect(stderr).toContain("default_transaction_read_only is on");
    expect(look.stderr).not.toContain("server-read-only");
  });

  it("takes a password of every special character from DATABASE_URL and from PGPASSWORD", async () => {
    const byUrl = await brief(urlOf("app", CANARY));
    expect(byUrl).toMatchObject({ code: 0 });
    const parts = { PGHOST: "127.0.0.1", PGPORT: String(server.port), PGUSER: "app", PGDATABASE: database.name };
    const byParts = await headgate(["wait", "-f", `${desk.path}/brief.yaml`], { ...parts, PGPASSWORD: CANARY });
    expect(byParts).toMatchObject({ code: 0 });
    expectNoSecret(byUrl.stderr + byParts.stderr);
  });

  it("connects through the Unix socket that a URL without a host names", async () => {
    const [row] = await database.sql("SHOW unix_socket_directories");
    const url = `postgresql:///${database.name}?host=${String(row?.unix_socket_directories)}&port=${server.port}`;
    const { code, stderr } = await brief(`${url}&user=app&password=${encodeURIComponent(CANARY)}`);
    expect(stderr).toContain(`/${database.name} as app answers`);
    expect(code).toBe(0);
  });

  it("waits for a server that is down, and goes on once it is up", async () => {
    await server.stop();
    const agent = startHeadgate(["wait", "-f", `${desk.path}/long.yaml`], { DATABASE_URL: urlOf("app", CANARY) });
    await eventually(() => expect(agent.stderr()).toContain("waiting for"));
    await server.start();
    expect(await agent.result).toMatchObject({ code: 0 });
  });

  it("ends with 143 when it is told to stop", async () => {
    const agent = startHeadgate(["wait", "-f", `${desk.path}/long.yaml`], {
      DATABASE_URL: "postgresql://a@127.0.0.1:1/b",
    });
    await eventually(() => expect(agent.stderr()).toContain("waiting for"));
    agent.process.kill("SIGTERM");
    expect(await agent.result).toMatchObject({ code: 143 });
  });
});
