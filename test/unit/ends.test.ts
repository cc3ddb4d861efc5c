import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { AGENT } from "../support/headgate.ts";

const RUNS = 40;
const AT_ONCE = 4;
/** One that hangs does so for ever; a busy machine takes its time. */
const HANGS_MS = 120_000;

/** With V8's threads at work on its heap all the time: in one of 15 such runs process.exit waits for ever. */
async function exitCode(): Promise<number | null> {
  const args = ["--stress-concurrent-allocation", AGENT, "plan", "--dir", "/nowhere"];
  const child = spawn(process.execPath, args, { stdio: "ignore", timeout: HANGS_MS, killSignal: "SIGKILL" });
  const [code] = await once(child, "close");
  return code;
}

const NEVER_WRITTEN = 'import { promises } from "node:fs"; promises.writeFile = () => new Promise(() => {});';

it("a process with nothing left to wait for, and without an answer, says so and does not look done", async () => {
  const dir = mkdtempSync(join(tmpdir(), "headgate-ends-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, "1_first.sql"), "SELECT 1;\n");
  const preload = ["--import", `data:text/javascript,${encodeURIComponent(NEVER_WRITTEN)}`];
  const args = [...preload, AGENT, "compile", "--dir", dir];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], timeout: HANGS_MS });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  expect({ said, code }).toMatchObject({ code: 70, said: expect.stringMatching(/^error {2}bug: .*never come/) });
});

it("the process ends when its work is done, whatever V8's threads are at", { timeout: 10 * HANGS_MS }, async () => {
  const codes: (number | null)[] = [];
  const work = async () => {
    while (codes.length < RUNS) codes.push(await exitCode());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(codes.filter((code) => code !== 1)).toEqual([]);
});
