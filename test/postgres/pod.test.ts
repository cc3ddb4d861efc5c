import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CANARY } from "../support/canary.ts";
import { type PodFolders, podFolders } from "./pod-folders.ts";
import { backendRunning, eventually, useScene } from "./scene.ts";
import { expectNoSecret } from "./secrets.ts";

const scene = useScene({ "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n" });
const SETTINGS = { database: { existingSecret: "shop-database" }, wait: { timeout: "2s" } };
let pod: PodFolders;

beforeEach(() => {
  pod = podFolders(scene.files.path);
  pod.settings(SETTINGS);
  pod.secret({ uri: scene.database.url });
});
afterEach(() => pod.remove());

/** What the parts of a Secret hold for the scene's database. */
const parts = (): Record<string, string> => {
  const { hostname, port, username, pathname } = new URL(scene.database.url);
  return { host: hostname, port, username, dbname: pathname.slice(1), password: CANARY };
};

/** wait fails without failing the pod; migrate prints why and ends with the code. */
async function expectFailure(code: number, ...words: readonly string[]): Promise<string> {
  expect(await pod.container("wait")).toMatchObject({ code: 0 });
  expect(pod.verdict("wait")).toMatchObject({ exitCode: code });
  const migrate = await pod.container("migrate");
  expect(migrate.code).toBe(code);
  for (const word of words) expect(migrate.stderr).toContain(word);
  expect(Buffer.byteLength(pod.termination("migrate"))).toBeLessThanOrEqual(4_096);
  expect(pod.termination("migrate")).not.toBe("");
  return migrate.stderr;
}

describe("in the Job's pod", () => {
  it("wait, migrate and smoke end with 0, and the run is recorded with release, image and Job", async () => {
    pod.settings({ ...SETTINGS, smoke: { tables: ["orders"] } });
    expect(await pod.container("wait")).toMatchObject({ code: 0 });
    const smoke = pod.start("smoke");
    expect(await pod.container("migrate")).toMatchObject({ code: 0 });
    const { code, stderr } = await smoke.result;
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("1 expectation met") });
    expect(JSON.parse(pod.termination("migrate"))).toMatchObject({ outcome: "done", exitCode: 0, applied: 1 });
    expect(
      await scene.database.sql(
        "SELECT release, revision, namespace, pod, image, job_uid IS NOT NULL AS job FROM headgate.run",
      ),
    ).toEqual([
      {
        release: "shop",
        revision: 7,
        namespace: "web",
        pod: "shop-migrate-x1z2",
        image: "registry.example/shop-migrations:1.2.3",
        job: true,
      },
    ]);
  });

  it("the Secret's parts work as its URL does, with newlines at their ends and a password of every special character", async () => {
    pod.secret(Object.fromEntries(Object.entries(parts()).map(([key, value]) => [key, `${value}\n`])));
    expect(await pod.container("wait")).toMatchObject({ code: 0 });
    const { code, stderr } = await pod.container("migrate");
    expect(code).toBe(0);
    expectNoSecret(stderr + pod.termination("migrate"));
  });
});

describe("wait never fails the pod, and migrate tells what it found, when", () => {
  it("the Secret is missing", async () => {
    pod.secret({});
    await expectFailure(1, "shop-database", "does not exist in the release's namespace");
  });

  it("the Secret lacks keys: those it has are listed, without their values", async () => {
    pod.secret({ host: "db", pass: CANARY, user: "app" });
    const stderr = await expectFailure(1, "username (or database.username)", "keys it has: host, pass, user");
    expectNoSecret(stderr + pod.termination("migrate"));
  });

  it("the Secret holds a whole URL and the values set database.host beside it", async () => {
    pod.settings({ ...SETTINGS, database: { existingSecret: "shop-database", host: "replica" } });
    await expectFailure(1, "key uri, holds a whole URL", "database.host");
  });

  it("the URL in the Secret is none, and its text is not printed", async () => {
    for (const uri of [
      `mysql://app:${CANARY}@db/shop`,
      "postgresql://app:12/secret-part@db:5432/shop",
      "postgresql://app:pa%zz@db/shop",
    ]) {
      pod.secret({ uri });
      const stderr = await expectFailure(1, "Secret shop-database, key uri");
      expectNoSecret(stderr + pod.termination("migrate"));
      expect(stderr + pod.termination("migrate")).not.toContain("secret-part");
    }
  });

  it("the port in the Secret is no number", async () => {
    pod.secret({ ...parts(), port: "five" });
    await expectFailure(1, "port", "five");
  });

  it("the database is not reachable in time", async () => {
    pod.secret({ uri: "postgresql://app@127.0.0.1:1/shop" });
    await expectFailure(2, "ECONNREFUSED");
  });

  it("the settings hold unknown keys, however many and in whatever script", async () => {
    const long = "設定の鍵".repeat(40);
    pod.settings(Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${long}${index}`, true])));
    await expectFailure(1, "300 problems in the pod's settings", `${long}7: unknown key`);
  });

  it("the settings are no JSON", async () => {
    pod.settings("{");
    await expectFailure(1, "settings.json is not JSON");
  });

  it("the message of the server repeats the password", async () => {
    scene.files.write({ "002_leak.sql": `DO $do$ BEGIN RAISE EXCEPTION 'no % here', $x$${CANARY}$x$; END $do$;` });
    pod.secret(parts());
    await pod.container("wait");
    const migrate = await pod.container("migrate", "--json");
    expect(migrate.code).toBe(6);
    expectNoSecret(migrate.stderr + migrate.stdout + pod.termination("migrate"));
    const [row] = await scene.database.sql("SELECT report::text FROM headgate.run");
    expectNoSecret(String(row?.report));
  });
});

describe("migrate in the pod", () => {
  it("without a verdict of wait ends with 70, and says so", async () => {
    const { code, stderr } = await pod.container("migrate");
    expect(code).toBe(70);
    expect(stderr).toContain("wait left no verdict");
  });

  it("that is told to stop while it waits its turn ends with 143 and leaves its verdict", async () => {
    const other = await scene.database.connect();
    await other.query("SELECT pg_advisory_lock(7241865325823964)");
    await pod.container("wait");
    const agent = pod.start("migrate");
    await eventually(() => expect(agent.stderr()).toContain("another run holds the lock"));
    agent.process.kill("SIGTERM");
    expect(await agent.result).toMatchObject({ code: 143 });
    expect(pod.verdict("migrate")).toMatchObject({ exitCode: 143 });
  });
});

describe("smoke in the pod", () => {
  it("does not run when migrate failed for sure, and says with which code", async () => {
    scene.files.write({ "002_bad.sql": "SELECT 1/0;" });
    await pod.container("wait");
    expect(await pod.container("migrate")).toMatchObject({ code: 6 });
    const { code, stderr } = await pod.container("smoke");
    expect(code).toBe(0);
    expect(stderr).toContain("not run: migrate ended with 6");
  });

  it("ends with 2 when migrate is killed, and leaves a termination message", async () => {
    scene.files.write({ "002_slow.sql": "SELECT pg_sleep(10);" });
    await pod.container("wait");
    const smoke = pod.start("smoke");
    const migrate = pod.start("migrate");
    await backendRunning(scene.database, "pg_sleep");
    migrate.process.kill("SIGKILL");
    const { code, stderr } = await smoke.result;
    expect(code).toBe(2);
    expect(stderr).toContain("migrate-died");
    expect(pod.termination("smoke")).toContain("migrate-died");
  });

  it("ends with 3 and its own termination message when an expectation is not met", async () => {
    pod.settings({ ...SETTINGS, smoke: { tables: ["nowhere"] } });
    await pod.container("wait");
    expect(await pod.container("migrate")).toMatchObject({ code: 0 });
    const { code, stderr } = await pod.container("smoke");
    expect(code).toBe(3);
    expect(stderr).toContain("table nowhere is not there");
    expect(pod.termination("smoke")).toContain("smoke-failed");
  });
});
