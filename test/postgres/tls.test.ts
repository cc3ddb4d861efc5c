import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../support/database.ts";
import { type Server, startServer } from "../support/embedded-postgres.ts";
import { headgate } from "../support/headgate.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";

let server: Server;
let database: Database;
let certificates: Certificates;
let dataFolder: string;

/** The server's certificate from now on. */
async function present(name: string, san: string): Promise<void> {
  const { key, cert } = certificates.issue(name, san, dataFolder);
  for (const [setting, value] of Object.entries({ ssl_key_file: key, ssl_cert_file: cert, ssl: "on" })) {
    await database.sql(`ALTER SYSTEM SET ${setting} = '${value}'`);
  }
  await database.sql("SELECT pg_reload_conf(), pg_sleep(1)");
}

beforeAll(async () => {
  certificates = makeCertificates();
  server = await startServer({ settings: ["fsync = off"] });
  database = await createDatabase(server.url());
  dataFolder = String((await database.sql("SHOW data_directory"))[0]?.data_directory);
  await present("localhost", "DNS:localhost");
});
afterAll(async () => {
  await server.remove();
  certificates.remove();
});

const wait = async (host: string, parameters: string) =>
  await headgate(["wait"], {
    DATABASE_URL: `postgresql://postgres@${host}:${server.port}/${database.name}?${parameters}`,
  });

describe("a server with a certificate of a private CA", () => {
  it("is trusted with that CA in sslrootcert and its own name, also from PGSSLROOTCERT", async () => {
    expect(await wait("localhost", `sslmode=verify-full&sslrootcert=${certificates.ca}`)).toMatchObject({ code: 0 });
    const parts = { PGHOST: "localhost", PGPORT: String(server.port), PGUSER: "postgres", PGDATABASE: database.name };
    const tls = { PGSSLMODE: "verify-full", PGSSLROOTCERT: certificates.ca };
    expect(await headgate(["wait"], { ...parts, ...tls })).toMatchObject({ code: 0 });
  });

  it("is refused with code 1 without the CA, and with another one", async () => {
    for (const more of ["", `&sslrootcert=${certificates.otherCa}`]) {
      const { code, stderr } = await wait("localhost", `sslmode=verify-full${more}`);
      expect(code).toBe(1);
      expect(stderr).toContain("signed by a CA that is not trusted here");
      expect(stderr).toContain("PGSSLROOTCERT");
    }
  });

  it("is taken by sslmode=require without a CA, as libpq does, and not with the wrong CA", async () => {
    expect(await wait("localhost", "sslmode=require")).toMatchObject({ code: 0 });
    expect(await wait("localhost", `sslmode=require&sslrootcert=${certificates.otherCa}`)).toMatchObject({ code: 1 });
  });

  it("is refused under another name by verify-full alone", async () => {
    await present("elsewhere", "DNS:db.elsewhere.example");
    const { code, stderr } = await wait("localhost", `sslmode=verify-full&sslrootcert=${certificates.ca}`);
    expect(code).toBe(1);
    expect(stderr).toContain("its certificate names another host");
    expect(await wait("localhost", `sslmode=verify-ca&sslrootcert=${certificates.ca}`)).toMatchObject({ code: 0 });
  });

  it("is refused when it is reached by an address and its certificate only names localhost", async () => {
    await present("name-only", "DNS:localhost");
    const { code } = await wait("127.0.0.1", `sslmode=verify-full&sslrootcert=${certificates.ca}`);
    expect(code).toBe(1);
  });

  it("is trusted when it is reached by an address that its certificate names", async () => {
    await present("address", "IP:127.0.0.1");
    const { code, stderr } = await wait("127.0.0.1", `sslmode=verify-full&sslrootcert=${certificates.ca}`);
    expect(stderr).not.toContain("tls-failed");
    expect(code).toBe(0);
  });

  it("names the CA file that cannot be read", async () => {
    const { code, stderr } = await wait("localhost", "sslmode=verify-full&sslrootcert=/no/such/ca.crt");
    expect(code).toBe(1);
    expect(stderr).toContain("/no/such/ca.crt");
    expect(stderr).toContain("PGSSLROOTCERT");
  });
});
