import { expect, test } from "vitest";
import { type TestNamespace, withNamespace } from "./harness/namespace.ts";
import { ordersImage } from "./orders.ts";
import { appliedNames, BACK, chart, columnsOf, helmDoes, helmRefuses, revisions, UP, valuesOf } from "./release.ts";

interface Job {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

const revertJobs = async (ns: TestNamespace): Promise<(string | undefined)[]> =>
  (await ns.list<Job>("jobs"))
    .filter((job) => job.metadata.name === "gate-headgate-revert")
    .map((job) => job.spec.template.spec.containers[0]?.image);

const newestRun = async (ns: TestNamespace) =>
  (
    await ns.sql(
      "SELECT command, release, revision, from_name, to_name, outcome FROM headgate.run ORDER BY id DESC LIMIT 1",
    )
  )[0];

test("an added column stays: the old image's Job lets it be, and the newer release comes back with nothing to do", () =>
  withNamespace(async (ns) => {
    const [first, wider] = [await ordersImage("first"), await ordersImage("wider")];
    await helmDoes(ns, ["install", "gate", chart], { values: valuesOf(ns, first) });
    await helmDoes(ns, UP, { values: valuesOf(ns, wider) });
    const back = await helmDoes(ns, BACK);
    expect(back).toContain("2_total stays ahead");
    expect(await revertJobs(ns)).toEqual([first]);
    expect(await columnsOf(ns, "orders")).toEqual(["id", "note", "total"]);
    expect(await revisions(ns, "gate")).toEqual(["superseded", "superseded", "deployed"]);
    expect(await helmDoes(ns, UP, { values: valuesOf(ns, wider) })).toContain("nothing to do");
    expect(await appliedNames(ns)).toEqual(["1_orders", "2_total"]);
  }));

test("a rename goes back, by SQL that the old image does not have, and the column added below it stays", () =>
  withNamespace(async (ns) => {
    const [first, renamed] = [await ordersImage("first"), await ordersImage("renamed")];
    await helmDoes(ns, ["install", "gate", chart], { values: valuesOf(ns, first) });
    await helmDoes(ns, UP, { values: valuesOf(ns, renamed) });
    expect(await columnsOf(ns, "orders")).toEqual(["id", "remark", "total"]);
    const back = await helmDoes(ns, BACK);
    expect(back).toContain("took back 3_rename");
    expect(back).toContain("still ahead of these files: 2_total");
    expect(await revertJobs(ns)).toEqual([first]);
    expect(await columnsOf(ns, "orders")).toEqual(["id", "note", "total"]);
    expect(await appliedNames(ns)).toEqual(["1_orders", "2_total"]);
    expect(await newestRun(ns)).toEqual({
      ...{ command: "revert", release: "gate", revision: 1, outcome: "done" },
      ...{ from_name: "3_rename", to_name: "2_total" },
    });
    expect(await helmDoes(ns, UP, { values: valuesOf(ns, renamed) })).toContain("applied 3_rename");
    expect(await columnsOf(ns, "orders")).toEqual(["id", "remark", "total"]);
  }));

test("an upgrade to an older image goes back too, in the Job of the upgrade", () =>
  withNamespace(async (ns) => {
    const [first, renamed] = [await ordersImage("first"), await ordersImage("renamed")];
    await helmDoes(ns, ["install", "gate", chart], { values: valuesOf(ns, renamed) });
    const back = await helmDoes(ns, UP, { values: valuesOf(ns, first) });
    expect(back).toContain("took back 3_rename");
    expect(back).toContain("still ahead of these files: 2_total");
    expect(await revertJobs(ns)).toEqual([]);
    expect(await columnsOf(ns, "orders")).toEqual(["id", "note", "total"]);
    expect(await newestRun(ns)).toMatchObject({ command: "migrate", revision: 2, outcome: "done" });
  }));

test("a revision with rollback.enabled: false runs no Job: the schema stays ahead", () =>
  withNamespace(async (ns) => {
    const [first, renamed] = [await ordersImage("first"), await ordersImage("renamed")];
    const rollback = { delay: "0s", enabled: false };
    await helmDoes(ns, ["install", "gate", chart], { values: valuesOf(ns, first, { rollback }) });
    await helmDoes(ns, UP, { values: valuesOf(ns, renamed) });
    await helmDoes(ns, BACK);
    expect(await revertJobs(ns)).toEqual([]);
    expect(await columnsOf(ns, "orders")).toEqual(["id", "remark", "total"]);
    expect(await newestRun(ns)).toMatchObject({ command: "migrate", revision: 2 });
  }));

test.for([
  { version: 4, flag: "--rollback-on-failure" },
  { version: 3, flag: "--atomic" },
] as const)("Helm $version with $flag: a failed upgrade takes back what it had applied", ({ version, flag }) =>
  withNamespace(async (ns) => {
    const [first, broken] = [await ordersImage("first"), await ordersImage("broken")];
    await helmDoes(ns, ["install", "gate", chart], { version, values: valuesOf(ns, first) });
    const failed = await helmRefuses(ns, [...UP, flag], { version, values: valuesOf(ns, broken) });
    expect(failed).toContain("7_broken.sql:1: function nothing() does not exist");
    expect(failed).toContain("took back 3_rename");
    expect(await columnsOf(ns, "orders")).toEqual(["id", "note"]);
    expect(await appliedNames(ns)).toEqual(["1_orders"]);
    expect(await revertJobs(ns)).toEqual([first]);
    expect((await revisions(ns, "gate")).at(-1)).toBe("deployed");
  }),
);
