import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Pulse, unlessStuck } from "../../../agent/migrations/stuck.ts";

const never = new Promise<void>(() => {});

describe("a function of a migration", () => {
  it("that ends gives what it gives", async () => {
    await unlessStuck(Promise.resolve(), new Pulse(), 1);
    await expect(unlessStuck(Promise.reject(new Error("no")), new Pulse(), 1)).rejects.toThrow("no");
  });

  it("that does nothing and does not end is given up", async () => {
    await expect(unlessStuck(never, new Pulse(), 50)).rejects.toThrow(/did nothing for .* and did not end/);
  });

  it("may compute for as long as it likes", async () => {
    const work = async () => {
      await delay(10);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
      await delay(10);
    };
    await unlessStuck(work(), new Pulse(), 400);
  });

  it("may take as long as its queries do", async () => {
    const pulse = new Pulse();
    const work = async () => {
      for (let at = 0; at < 3; at += 1) await pulse.during(delay(400));
      await pulse.during(Promise.reject(new Error("query failed"))).catch(() => undefined);
    };
    await unlessStuck(work(), pulse, 250);
  });
});
