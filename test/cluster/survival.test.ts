import { expect, test } from "vitest";
import { type TestNamespace, withNamespace } from "./harness/namespace.ts";
import { eventually } from "./harness/wait.ts";
import { killContainer, runningContainer } from "./kill.ts";
import { appliedNames, chart, ended, helm, helmDoes, inlineValues, podsOf, UP, untilRow } from "./release.ts";

const JOB = "gate-headgate-migrate";
const OURS_NOT = "the node's processes are out of reach";

const ORDERS = {
  "1_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\nINSERT INTO orders VALUES (1, 'a');\n",
};
const INDEXED = {
  ...ORDERS,
  "2_index.sql": "-- headgate: no-transaction\nCREATE INDEX CONCURRENTLY orders_note ON orders (note);\n",
};
/** Counts how often it was applied. */
const COUNTED = { ...ORDERS, "2_count.sql": "INSERT INTO orders VALUES ((SELECT max(id) + 1 FROM orders));\n" };

const building = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND state = 'active'";
const indexes = async (ns: TestNamespace) =>
  await ns.sql(
    `SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index
     WHERE indrelid = 'orders'::regclass AND NOT indisprimary`,
  );
const outcomes = async (ns: TestNamespace): Promise<unknown[]> =>
  (await ns.sql("SELECT outcome FROM headgate.run ORDER BY id")).map(({ outcome }) => outcome);
const podNames = async (ns: TestNamespace): Promise<string[]> =>
  (await podsOf(ns, JOB)).map((pod) => pod.metadata.name);

/** Release 1, and an upgrade whose CREATE INDEX waits for a transaction that stays open until `end` is called. */
async function heldUp(
  ns: TestNamespace,
  work: (held: {
    upgrading: Promise<{ code: number; output: string }>;
    container: { readonly pod: string; readonly id: string };
    end: () => Promise<unknown>;
  }) => Promise<void>,
): Promise<void> {
  await helmDoes(ns, ["install", "gate", chart], { values: await inlineValues(ns, ORDERS) });
  const values = await inlineValues(ns, INDEXED);
  await ns.session(async (client) => {
    await client.query("BEGIN; INSERT INTO orders VALUES (2, 'b')");
    const upgrading = helm(ns, UP, { values });
    await untilRow(ns, building);
    const container = await runningContainer(ns, JOB, "migrate");
    await work({ upgrading, container, end: () => client.query("COMMIT") });
  });
}

const isHealed = async (ns: TestNamespace): Promise<void> => {
  expect(await indexes(ns)).toEqual([{ name: "orders_note", valid: true }]);
  expect(await ns.sql("SELECT name, state FROM headgate.history ORDER BY sequence")).toEqual([
    { name: "1_orders", state: "applied" },
    { name: "2_index", state: "applied" },
  ]);
};

test("migrate killed inside CREATE INDEX CONCURRENTLY: the next try builds the index anew, once", ({ skip }) =>
  withNamespace(async (ns) => {
    skip(ns.cluster.kind === "external", OURS_NOT);
    await heldUp(ns, async ({ upgrading, container, end }) => {
      killContainer(container);
      await eventually("the end of its session", async () => (await ns.sql(building)).length === 0);
      expect(await indexes(ns)).toEqual([{ name: "orders_note", valid: false }]);
      await end();
      const { code, output } = await upgrading;
      expect(code, output).toBe(0);
    });
    await isHealed(ns);
    const killed = (await podsOf(ns, JOB)).find((pod) => ended(pod, "migrate")?.exitCode !== 0);
    expect(ended(killed, "migrate")).toMatchObject({ exitCode: 137 });
    expect(ended(killed, "smoke")).toMatchObject({ exitCode: 2 });
    expect((await outcomes(ns)).at(-1)).toBe("done");
  }));

test("its pod deleted by force, with the transaction still open: the replacement waits its turn and heals", () =>
  withNamespace(async (ns) => {
    await heldUp(ns, async ({ upgrading, container: { pod }, end }) => {
      await ns.kubectl(["delete", "pod", pod, "--grace-period=0", "--force"]);
      const next = await eventually("the replacement", async () => (await podNames(ns)).find((name) => name !== pod));
      await eventually("its migration", async () =>
        (await ns.kubectl(["logs", next, "--container", "migrate"])).includes("2_index"),
      );
      await end();
      const { code, output } = await upgrading;
      expect(code, output).toBe(0);
    });
    await isHealed(ns);
  }));

/** Release 1, then an upgrade whose pod is killed once `sql` gives a row. */
async function killedWhen(
  ns: TestNamespace,
  sql: string,
  { files, beforeRetry }: { files: Readonly<Record<string, string>>; beforeRetry?: (pod: string) => Promise<unknown> },
): Promise<string> {
  const upgrading = helm(ns, UP, { values: await inlineValues(ns, files) });
  await untilRow(ns, sql);
  const container = await runningContainer(ns, JOB, "migrate");
  killContainer(container);
  await beforeRetry?.(container.pod);
  const { code, output } = await upgrading;
  expect(code, output).toBe(0);
  return output;
}

test("killed while the server commits: the next try waits for that, and applies nothing twice", ({ skip }) =>
  withNamespace(async (ns) => {
    const { kind, postgres } = ns.cluster;
    skip(kind === "external" || postgres.control === undefined, OURS_NOT);
    await helmDoes(ns, ["install", "gate", chart], { values: await inlineValues(ns, ORDERS) });
    try {
      // a standby that never answers: every commit is on the disk, and its answer is held back
      await ns.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
      await ns.sql("SELECT pg_reload_conf()");
      await killedWhen(ns, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'", {
        files: COUNTED,
        async beforeRetry(pod) {
          const next = await eventually("the next try", async () => (await podNames(ns)).find((name) => name !== pod));
          const said = `was left behind by ${pod}`;
          await eventually(`a log that says: ${said}`, async () =>
            (await ns.kubectl(["logs", next, "--container", "migrate"])).includes(said),
          );
          await ns.sql("ALTER SYSTEM RESET synchronous_standby_names");
          await ns.sql("SELECT pg_reload_conf()");
        },
      });
    } finally {
      await ns.sql("ALTER SYSTEM RESET synchronous_standby_names");
      await ns.sql("SELECT pg_reload_conf()");
    }
    expect(await ns.sql("SELECT count(*)::int AS rows FROM orders")).toEqual([{ rows: 2 }]);
    expect(await appliedNames(ns)).toEqual(["1_orders", "2_count"]);
  }));

test("killed just before the server commits: rolled back, and the next try applies it once", ({ skip }) =>
  withNamespace(async (ns) => {
    skip(ns.cluster.kind === "external", OURS_NOT);
    await helmDoes(ns, ["install", "gate", chart], { values: await inlineValues(ns, ORDERS) });
    const slow = `${COUNTED["2_count.sql"]}SELECT pg_sleep(15);\n`;
    await killedWhen(
      ns,
      "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(15)%' AND wait_event = 'PgSleep'",
      {
        files: { ...ORDERS, "2_count.sql": slow },
      },
    );
    expect(await ns.sql("SELECT count(*)::int AS rows FROM orders")).toEqual([{ rows: 2 }]);
    expect(await appliedNames(ns)).toEqual(["1_orders", "2_count"]);
  }));
