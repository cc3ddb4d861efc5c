import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { collectEach } from "../../../agent/lib/garbage.ts";

it("collects what nobody holds any more, at each of so many calls", async () => {
  const collect = collectEach(3);
  const left = (() => new WeakRef({ text: "x".repeat(1_000) }))();
  // A reference that is read or made stays alive until the end of its turn.
  await setImmediate();
  collect();
  collect();
  expect(left.deref()).toBeDefined();
  await setImmediate();
  collect();
  expect(left.deref()).toBeUndefined();
});
