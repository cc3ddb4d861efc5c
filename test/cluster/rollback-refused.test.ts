import { expect, test } from "vitest";
import { deskOf } from "./desk.ts";
import { type TestNamespace, withNamespace } from "./harness/namespace.ts";
import { migrations, ordersImage } from "./orders.ts";
import {
  appliedNames,
  BACK,
  chart,
  columnsOf,
  helmDoes,
  helmRefuses,
  hookLog,
  inlineValues,
  revisions,
  UP,
  type Values,
  valuesOf,
} from "./release.ts";

/** The first command that Helm's output tells people to run, from these words to the end of the line. */
const printed = (output: string, words: string): string =>
  new RegExp(`: (${words} .*)$`, "m").exec(hookLog(output))?.[1] ?? `nothing tells to run ${words}`;

/** Release 1, then release 2 with four newer migrations, and then rows in what it has added. */
async function twoReleases(ns: TestNamespace, more: Values = {}): Promise<void> {
  const [first, full] = [await ordersImage("first"), await ordersImage("full")];
  await helmDoes(ns, ["install", "gate", chart], { values: valuesOf(ns, first, more) });
  await helmDoes(ns, UP, { values: valuesOf(ns, full, more) });
  await ns.sql("UPDATE orders SET extra = 'gift'");
  await ns.sql("INSERT INTO visits VALUES (1), (2), (3)");
}

/** Rolls back in vain, sees that nothing was touched, and gives what Helm printed. */
async function isRefused(ns: TestNamespace): Promise<string> {
  const before = await appliedNames(ns);
  const refused = await helmRefuses(ns, BACK);
  expect(refused).toContain("rollback-refused");
  expect(refused).toContain("4_extra: taking it back would lose 2 values of orders.extra");
  expect(refused).toContain("5_visits: taking it back would lose 3 rows of visits");
  expect(refused).toContain("nothing was changed");
  expect(await appliedNames(ns)).toEqual(before);
  expect(await columnsOf(ns, "orders")).toEqual(["id", "remark", "extra"]);
  expect(await ns.sql("SELECT count(*)::int AS rows FROM visits")).toEqual([{ rows: 3 }]);
  expect((await revisions(ns, "gate")).at(-1)).toBe("pending-rollback");
  return refused;
}

/** The release is at its old content again, and usable. */
async function isBack(ns: TestNamespace): Promise<void> {
  expect(await columnsOf(ns, "orders")).toEqual(["id", "note"]);
  expect(await columnsOf(ns, "visits")).toEqual([]);
  expect(await appliedNames(ns)).toEqual(["1_orders"]);
  expect((await revisions(ns, "gate")).at(-1)).toBe("deployed");
  expect(await helmDoes(ns, UP, { values: valuesOf(ns, await ordersImage("full")) })).toContain("applied 5_visits");
}

test("data would be lost: refused, and the two commands that are printed get the release back", () =>
  withNamespace(async (ns) => {
    await twoReleases(ns);
    const refused = await isRefused(ns);
    const revert = printed(refused, "headgate revert");
    const rollback = printed(refused, "helm rollback");
    expect(revert).toBe("headgate revert --to 1_orders --accept-data-loss --yes");
    expect(rollback).toBe(`helm rollback gate 1 --namespace ${ns.name}`);
    const shell = await deskOf(ns);
    for (const line of [revert, rollback]) {
      const { code, output } = await shell(line);
      expect(code, `${line}\n${output}`).toBe(0);
    }
    await isBack(ns);
  }));

test("data would be lost: refused, and the Job that is printed does it inside the cluster", () =>
  withNamespace(async (ns) => {
    await twoReleases(ns, { manual: { enabled: true } });
    const refused = await isRefused(ns);
    const create = printed(refused, "kubectl");
    const rollback = printed(refused, "helm rollback");
    const shell = await deskOf(ns);
    const created = await shell(create);
    expect(created.code, `${create}\n${created.output}`).toBe(0);
    const [, job = ""] = /job\.batch\/(\S+) created/.exec(created.output) ?? [];
    expect(await ns.jobEnds(job), await ns.jobLogs(job)).toBe(true);
    const again = await shell(rollback);
    expect(again.code, `${rollback}\n${again.output}`).toBe(0);
    await isBack(ns);
  }));

test("a migration without a way back: refused; undone by hand and recorded, the rollback goes through", () =>
  withNamespace(async (ns) => {
    const [first, oneWay] = [await ordersImage("first"), await ordersImage("one-way")];
    await helmDoes(ns, ["install", "gate", chart], { values: valuesOf(ns, first) });
    await helmDoes(ns, UP, { values: valuesOf(ns, oneWay) });
    const refused = await helmRefuses(ns, BACK);
    expect(refused).toContain("6_bookings: it has no down SQL");
    expect(await columnsOf(ns, "bookings")).toEqual(["id", "note"]);
    const repair = printed(refused, "headgate repair");
    const revert = printed(refused, "headgate revert");
    const rollback = printed(refused, "helm rollback");
    expect(repair).toBe("headgate repair 6_bookings --pending --yes");
    await ns.sql("ALTER TABLE bookings RENAME TO orders");
    const shell = await deskOf(ns);
    for (const line of [repair, revert, rollback]) {
      const { code, output } = await shell(line);
      expect(code, `${line}\n${output}`).toBe(0);
    }
    expect(await appliedNames(ns)).toEqual(["1_orders"]);
    expect((await revisions(ns, "gate")).at(-1)).toBe("deployed");
  }));

test("signed down SQL that somebody has changed is not run", () =>
  withNamespace(async (ns) => {
    await ns.secret("signing", { key: "0123456789abcdef0123456789abcdef" });
    const { "1_orders.sql": orders, "3_rename.sql": rename } = migrations;
    const rollback = { delay: "0s", signing: { existingSecret: "signing" } };
    const first = { ...(await inlineValues(ns, { "1_orders.sql": orders })), rollback };
    const second = { ...(await inlineValues(ns, { "1_orders.sql": orders, "3_rename.sql": rename })), rollback };
    await helmDoes(ns, ["install", "gate", chart], { values: first });
    await helmDoes(ns, UP, { values: second });
    const swap = "UPDATE headgate.history SET down_sql = $1 WHERE name = '3_rename' RETURNING down_sql";
    const [{ down_sql: kept } = {}] = await ns.sql("SELECT down_sql FROM headgate.history WHERE name = '3_rename'");
    await ns.sql(swap, ["DROP TABLE orders"]);
    const refused = await helmRefuses(ns, BACK);
    expect(refused).toContain("3_rename: its stored down SQL does not fit its signature");
    expect(await columnsOf(ns, "orders")).toEqual(["id", "remark"]);
    // what is printed as the other way out: to stay with the newer release
    expect(hookLog(refused)).toContain(`helm history gate --namespace ${ns.name} names its revision`);
    await helmDoes(ns, ["rollback", "gate", "2"]);
    expect((await revisions(ns, "gate")).at(-1)).toBe("deployed");
    await ns.sql(swap, [kept]);
    expect(await helmDoes(ns, BACK)).toContain("took back 3_rename");
    expect(await columnsOf(ns, "orders")).toEqual(["id", "note"]);
  }));
