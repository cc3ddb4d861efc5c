import { expect } from "vitest";
import type { TestNamespace } from "./harness/namespace.ts";
import { ordersImage } from "./orders.ts";
import { chart, helmDoes, revisions, untilRow, valuesOf } from "./release.ts";

/** The slow migration runs. */
export const SLEEPING = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";

/** Release 1, and then helm killed, as by a cancelled pipeline, in the middle of the upgrade to a release whose migration takes long. */
export async function helmKilled(ns: TestNamespace): Promise<void> {
  const [first, slow] = [await ordersImage("first"), await ordersImage("slow")];
  await helmDoes(ns, ["install", "gate", chart], { values: valuesOf(ns, first) });
  const kill = new AbortController();
  const upgrading = ns.helm(["upgrade", "gate", chart], { values: valuesOf(ns, slow), signal: kill.signal });
  const died = expect(upgrading).rejects.toThrow("was stopped");
  await untilRow(ns, SLEEPING);
  kill.abort();
  await died;
  expect(await revisions(ns, "gate")).toEqual(["deployed", "pending-upgrade"]);
}
