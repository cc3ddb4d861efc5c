import { expect, test } from "vitest";
import { withNamespace } from "./harness/namespace.ts";
import { helmKilled } from "./helm-killed.ts";
import { migrations, ordersImage } from "./orders.ts";
import {
  appliedNames,
  chart,
  columnsOf,
  helmDoes,
  helmRefuses,
  hookLog,
  inlineValues,
  revisions,
  UP,
  valuesOf,
} from "./release.ts";

test("two releases install into one database at once: one applies, the other waits and finds nothing to do", () =>
  withNamespace(async (ns) => {
    const values = await inlineValues(ns, {
      "1_orders.sql": migrations["1_orders.sql"],
      "2_slow.sql": "INSERT INTO orders VALUES (3, 'c');\nSELECT pg_sleep(12);\n",
    });
    const both = await Promise.all(["left", "right"].map((name) => helmDoes(ns, ["install", name, chart], { values })));
    const logs = both.map(hookLog);
    const applying = logs.filter((log) => log.includes("applied 2_slow"));
    const waiting = logs.filter((log) => !applying.includes(log));
    expect(applying).toHaveLength(1);
    expect(waiting.join()).toMatch(/another run holds the lock: pid \d+, headgate:/);
    expect(waiting.join()).toMatch(/nothing to (do|apply)/);
    expect(await appliedNames(ns)).toEqual(["1_orders", "2_slow"]);
    expect(await ns.sql("SELECT count(*)::int AS rows FROM orders")).toEqual([{ rows: 3 }]);
    expect(await ns.sql("SELECT DISTINCT outcome FROM headgate.run")).toEqual([{ outcome: "done" }]);
  }));

test("helm killed during an upgrade: the Job ends well, and helm rollback goes on to that revision", () =>
  withNamespace(async (ns) => {
    await helmKilled(ns);
    expect(await ns.jobEnds("gate-headgate-migrate")).toBe(true);
    expect(await appliedNames(ns)).toEqual(["1_orders", "8_slow_rename"]);
    const again = await helmRefuses(ns, UP, { values: valuesOf(ns, await ordersImage("slow")) });
    expect(again).toContain("another operation (install/upgrade/rollback) is in progress");
    await helmDoes(ns, ["rollback", "gate", "2"]);
    expect((await revisions(ns, "gate")).at(-1)).toBe("deployed");
    expect(await columnsOf(ns, "orders")).toEqual(["id", "remark"]);
    const usable = await helmDoes(ns, UP, { values: valuesOf(ns, await ordersImage("slow")) });
    expect(usable).toContain("nothing to do");
  }));
