import { expect, test } from "vitest";
import { withNamespace } from "./harness/namespace.ts";
import { helmKilled, SLEEPING } from "./helm-killed.ts";
import { killContainer, runningContainer } from "./kill.ts";
import { ordersImage } from "./orders.ts";
import { appliedNames, BACK, chart, columnsOf, helm, helmDoes, revisions, UP, untilRow, valuesOf } from "./release.ts";

const JOB = "gate-headgate-migrate";

test("helm killed during an upgrade, and rolled back while the Job still runs: the rollback waits, and then takes it back", () =>
  withNamespace(async (ns) => {
    await helmKilled(ns);
    const back = await helmDoes(ns, BACK);
    expect(await ns.jobEnds(JOB)).toBe(true);
    expect(back).toContain("took back 8_slow_rename");
    expect(await columnsOf(ns, "orders")).toEqual(["id", "note"]);
    expect(await appliedNames(ns)).toEqual(["1_orders"]);
    expect((await revisions(ns, "gate")).at(-1)).toBe("deployed");
  }));

test("an upgrade that takes longer than helm waits is rolled back: the schema follows, whoever is first", () =>
  withNamespace(async (ns) => {
    const [first, slow] = [await ordersImage("first"), await ordersImage("slow")];
    await helmDoes(ns, ["install", "gate", chart], { values: valuesOf(ns, first) });
    const upgrading = helm(ns, [...UP, "--rollback-on-failure", "--timeout", "15s"], { values: valuesOf(ns, slow) });
    await untilRow(ns, SLEEPING);
    const { code, output } = await upgrading;
    expect(code, output).not.toBe(0);
    expect(await ns.jobEnds(JOB)).toBe(true);
    expect(await columnsOf(ns, "orders"), output).toEqual(["id", "note"]);
    expect((await revisions(ns, "gate")).at(-1)).toBe("deployed");
  }));

test("rolled back between two tries of the Job: the next try does not bring the newer schema back", ({ skip }) =>
  withNamespace(async (ns) => {
    skip(ns.cluster.kind === "external", "the node's processes are out of reach");
    await helmKilled(ns);
    killContainer(await runningContainer(ns, JOB, "migrate"));
    const back = await helmDoes(ns, BACK);
    // either way is right: the next try was there first and is undone, or it comes too late and fails
    expect(await ns.jobEnds(JOB), back).toBe(back.includes("took back 8_slow_rename"));
    expect(await columnsOf(ns, "orders")).toEqual(["id", "note"]);
    expect(await appliedNames(ns)).toEqual(["1_orders"]);
  }));
