import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { withNamespace } from "./harness/namespace.ts";
import { startPostgres, stopPostgres } from "./harness/postgres.ts";
import { chart, databaseValues, ended, helm, inlineValues, podsOf } from "./release.ts";

const ORDERS = { "1_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);" };
const JOB = "gate-headgate-migrate";

test("a database that is down while wait waits, and then comes up: the install succeeds", ({ skip }) =>
  withNamespace(async (ns) => {
    skip(ns.cluster.postgres.control === undefined, "a server that is not ours is not stopped");
    const values = await inlineValues(ns, ORDERS);
    await stopPostgres(ns.cluster.postgres);
    const installing = helm(ns, ["install", "gate", chart], { values });
    await sleep(8_000);
    await startPostgres(ns.cluster.postgres);
    const { code, output } = await installing;
    expect(code, output).toBe(0);
    expect(await ns.kubectl(["logs", `job/${JOB}`, "--container", "wait"])).toContain("refused (ECONNREFUSED)");
  }));

test("a wrong password: exit 1 at once, no second try, and the password nowhere", () =>
  withNamespace(async (ns) => {
    const wrong = "not-the-password-4711";
    await ns.secret("wrong", {
      ...ns.database,
      port: String(ns.database.port),
      username: ns.database.user,
      dbname: ns.database.name,
      password: wrong,
    });
    const values = await inlineValues(ns, ORDERS);
    const database = databaseValues(ns, { existingSecret: "wrong", keys: {} });
    const { code, output } = await helm(ns, ["install", "gate", chart], { values: { ...values, database } });
    expect(code).not.toBe(0);
    expect(output).toContain("wrong-credentials");
    expect(output).not.toContain(wrong);
    const pods = await podsOf(ns, JOB);
    expect(pods).toHaveLength(1);
    expect(ended(pods[0], "migrate")).toMatchObject({ exitCode: 1 });
  }));

test("a missing Secret, then a missing key: named in helm's own output", () =>
  withNamespace(async (ns) => {
    const values = await inlineValues(ns, ORDERS);
    const absent = { ...values, database: databaseValues(ns, { existingSecret: "nowhere" }) };
    const first = await helm(ns, ["install", "gate", chart], { values: absent });
    expect(first.code).not.toBe(0);
    expect(first.output).toContain("Secret nowhere does not exist");
    await ns.secret("partial", { host: ns.database.host, username: ns.database.user, dbname: ns.database.name });
    const partial = { ...values, database: databaseValues(ns, { existingSecret: "partial", keys: {} }) };
    const second = await helm(ns, ["upgrade", "gate", chart], { values: partial });
    expect(second.code).not.toBe(0);
    expect(second.output).toContain("password missing");
    expect(second.output).toContain("keys it has: dbname, host, username");
  }));

test("a host that cannot be reached: exit 2, and the Job tries again", () =>
  withNamespace(async (ns) => {
    await ns.secret("closed", { uri: `postgresql://someone:secret-word@${ns.database.host}:1/nowhere` });
    const values = {
      ...(await inlineValues(ns, ORDERS)),
      database: databaseValues(ns, { existingSecret: "closed", keys: {} }),
      wait: { timeout: "2s" },
      job: { backoffLimit: 1 },
    };
    const { code, output } = await helm(ns, ["install", "gate", chart], { values });
    expect(code).not.toBe(0);
    expect(output).toContain("ECONNREFUSED");
    const pods = await podsOf(ns, JOB);
    expect(pods.map((pod) => ended(pod, "migrate")?.exitCode)).toEqual([2, 2]);
  }));

interface KubernetesEvent {
  readonly reason: string;
  readonly type: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
}

test("events: on the Job, by a Role that allows nothing else", () =>
  withNamespace(async (ns) => {
    const values = { ...(await inlineValues(ns, ORDERS)), report: { events: true } };
    const { code, output } = await helm(ns, ["install", "gate", chart], { values });
    expect(code, output).toBe(0);
    const events = await ns.list<KubernetesEvent>("events.events.k8s.io");
    expect(events.filter((event) => event.reason === "Migrated")).toMatchObject([
      { type: "Normal", note: "1 migration applied: 1_orders", regarding: { kind: "Job", name: JOB } },
    ]);
    const who = `system:serviceaccount:${ns.name}:gate-headgate-migrate`;
    const may = await ns.kubectl(["auth", "can-i", "--list", `--as=${who}`]);
    expect(may).toMatch(/events\.events\.k8s\.io +\[\] +\[\] +\[create\]/);
    expect(may).not.toContain("secrets");
  }));
