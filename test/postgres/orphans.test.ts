import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loginSql } from "../support/database.ts";
import type { Running } from "../support/headgate.ts";
import { type PodFolders, podFolders } from "./pod-folders.ts";
import { backendRunning, eventually, useScene } from "./scene.ts";

/** 002 takes as long as the table `pace` says at that moment; one row for each time that 002 and 003 ran. */
const scene = useScene({
  "001_ran.sql": "CREATE TABLE ran (name text);\n",
  "002_slow.sql": "INSERT INTO ran VALUES ('002'); SELECT pg_sleep(seconds) FROM pace;\n",
  "003_last.sql": "INSERT INTO ran VALUES ('003');\n",
});
const EACH_ONCE = [{ name: "002" }, { name: "003" }];

let pods: PodFolders[] = [];
let stopped: Running[] = [];

let login: { readonly url: string; readonly role: string } | undefined;

/** A pod of the one Job, with a name of its own, whose `wait` has ended well. */
async function podOfJob(name: string, orphans: string, lockBudget = "30s"): Promise<PodFolders> {
  const pod = podFolders(scene.files.path);
  pods.push(pod);
  writeFileSync(join(pod.run, "..", "pod", "name"), name);
  pod.settings({
    database: { existingSecret: "shop-database", role: login?.role ?? "" },
    wait: { timeout: "5s" },
    migrate: { orphans, lockBudget },
  });
  pod.secret({ uri: login?.url ?? scene.database.url });
  expect(await pod.container("wait")).toMatchObject({ code: 0 });
  return pod;
}

const pace = async (seconds: number): Promise<unknown> =>
  await scene.database.sql(`UPDATE pace SET seconds = ${seconds}`);

interface CutOff {
  readonly agent: Running;
  /** Its session, which the server keeps: the connection still stands. */
  readonly pid: number;
}

/** A pod of the Job that stands still in the middle of 002, as on a node that is cut off. */
async function cutOff(orphans = "wait"): Promise<CutOff> {
  const pod = await podOfJob("shop-migrate-first", orphans);
  const agent = pod.start("migrate");
  const pid = await backendRunning(scene.database, "pg_sleep");
  agent.process.kill("SIGSTOP");
  stopped.push(agent);
  return { agent, pid };
}

beforeEach(async () => {
  login = undefined;
  await scene.database.sql("CREATE TABLE pace AS SELECT 60 AS seconds");
});
afterEach(async () => {
  for (const { process } of stopped) process.kill("SIGKILL");
  for (const pod of pods) pod.remove();
  stopped = [];
  pods = [];
});

const ran = async (): Promise<unknown> => await scene.database.sql("SELECT name FROM ran ORDER BY name");

const appliedBy = async (): Promise<unknown> =>
  await scene.database.sql(
    "SELECT h.name, r.pod FROM headgate.history h JOIN headgate.run r ON r.id = h.run ORDER BY h.sequence",
  );

describe("a session that an earlier pod of the Job left behind", () => {
  it("is named, and waited for inside migrate.lockBudget, with migrate.orphans: wait", async () => {
    const { pid } = await cutOff();
    const second = await podOfJob("shop-migrate-second", "wait", "3s");
    const { code, stderr } = await second.container("migrate");
    expect(code).toBe(4);
    expect(stderr).toContain(`pid ${pid} was left behind by shop-migrate-first, an earlier pod of this Job`);
    expect(await scene.database.sql(`SELECT pid FROM pg_stat_activity WHERE pid = ${pid}`)).toHaveLength(1);
  });

  it("that comes back ends its work, and the pod that has waited finds nothing left to do", async () => {
    await scene.database.sql("UPDATE pace SET seconds = 6");
    const { agent } = await cutOff();
    const second = (await podOfJob("shop-migrate-second", "wait")).start("migrate");
    await eventually(() => expect(second.stderr()).toContain("was left behind by shop-migrate-first"));
    agent.process.kill("SIGCONT");
    expect(await agent.result).toMatchObject({ code: 0 });
    expect(await second.result).toMatchObject({ code: 0 });
    expect(await ran()).toEqual(EACH_ONCE);
    expect(await appliedBy()).toEqual(
      ["001_ran", "002_slow", "003_last"].map((name) => ({ name, pod: "shop-migrate-first" })),
    );
  });

  it("is ended with migrate.orphans: terminate, and everything is applied once", async () => {
    const { pid } = await cutOff();
    await pace(0);
    const second = await podOfJob("shop-migrate-second", "terminate");
    const { code, stderr } = await second.container("migrate");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain(`ended pid ${pid}, left behind by shop-migrate-first`);
    expect(await ran()).toEqual(EACH_ONCE);
  });

  it("is ended by the login role, when database.role is one that may not", async () => {
    const { name, urlAs, sql } = scene.database;
    const [app, owner] = [`${name}_app`, `${name}_owner`];
    await sql(`CREATE ROLE ${owner}; CREATE ROLE ${app} ${loginSql()} NOINHERIT IN ROLE ${owner};
      GRANT CREATE ON DATABASE ${name} TO ${owner}; GRANT CREATE ON SCHEMA public TO ${owner}; GRANT SELECT ON pace TO ${owner}`);
    login = { url: urlAs(app), role: owner };
    try {
      const { pid } = await cutOff();
      await pace(0);
      const second = await podOfJob("shop-migrate-second", "terminate");
      const { code, stderr } = await second.container("migrate");
      expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining(`ended pid ${pid}`) });
      expect(await ran()).toEqual(EACH_ONCE);
    } finally {
      for (const { process } of stopped) process.kill("SIGKILL");
      await sql(`DROP OWNED BY ${owner} CASCADE; DROP ROLE ${app}; DROP ROLE ${owner}`);
    }
  });
});

describe("a pod that was cut off, whose session was ended, and that comes back", () => {
  it("waits for its successor, whatever migrate.orphans says, and writes nothing more", async () => {
    const { agent } = await cutOff("terminate");
    await pace(8);
    const second = (await podOfJob("shop-migrate-second", "terminate")).start("migrate");
    await eventually(() => expect(second.stderr()).toContain("ended pid"));
    const successor = await backendRunning(scene.database, "pg_sleep");
    agent.process.kill("SIGCONT");
    await eventually(() => expect(agent.stderr()).toContain(`another run holds the lock: pid ${successor}`));
    const results = await Promise.all([agent.result, second.result]);
    expect(results).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(agent.stderr()).not.toContain("ended pid");
    expect(second.stderr()).not.toContain("connecting again");
    expect(await ran()).toEqual(EACH_ONCE);
    expect(await appliedBy()).toEqual([
      { name: "001_ran", pod: "shop-migrate-first" },
      { name: "002_slow", pod: "shop-migrate-second" },
      { name: "003_last", pod: "shop-migrate-second" },
    ]);
  });

  it("finds nothing left to do when its successor has ended", async () => {
    const { agent } = await cutOff();
    await pace(0);
    const second = await podOfJob("shop-migrate-second", "terminate");
    expect(await second.container("migrate")).toMatchObject({ code: 0 });
    agent.process.kill("SIGCONT");
    const { code, stderr } = await agent.result;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain("connecting again");
    expect(await ran()).toEqual(EACH_ONCE);
    expect(await scene.database.sql("SELECT pod, outcome FROM headgate.run ORDER BY id")).toEqual([
      { pod: "shop-migrate-first", outcome: "done" },
      { pod: "shop-migrate-second", outcome: "done" },
    ]);
  });
});
