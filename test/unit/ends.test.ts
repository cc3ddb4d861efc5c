import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { AGENT } from "../support/headgate.ts";

const RUNS = 40;
const AT_ONCE = 4;

/** With V8's threads at work on its heap all the time: in one of 15 such runs process.exit waits for ever. */
async function exitCode(): Promise<number | null> {
  const args = ["--stress-concurrent-allocation", AGENT, "plan", "--dir", "/nowhere"];
  const child = spawn(process.execPath, args, { stdio: "ignore", timeout: 15_000, killSignal: "SIGKILL" });
  const [code] = await once(child, "close");
  return code;
}

it("the process ends when its work is done, whatever the threads of V8 are at", { timeout: 180_000 }, async () => {
  const codes: (number | null)[] = [];
  const work = async () => {
    while (codes.length < RUNS) codes.push(await exitCode());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(codes.filter((code) => code !== 1)).toEqual([]);
});
