import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { headgate } from "../support/headgate.ts";

const DEMO = join(import.meta.dirname, "../../examples/demo/demo.ts");
const SHOP = join(import.meta.dirname, "../../examples/shop");
const LIMIT_MS = 300_000;

interface Run {
  readonly process: ChildProcess;
  readonly output: () => string;
  /** Rejects when the demo ends, or five minutes pass, without having printed it. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  readonly code: Promise<number | null>;
}

let scratch: string;
let run: Run | undefined;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "t-"));
  // As root the server runs as another user, who has to get through to its files.
  chmodSync(scratch, 0o711);
});
afterEach(async () => {
  run?.process.kill("SIGTERM");
  await run?.code;
  run = undefined;
  rmSync(scratch, { recursive: true, force: true });
});

function start(...args: string[]): Run {
  const child = spawn(process.execPath, [DEMO, ...args], {
    env: { ...process.env, TMPDIR: scratch },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  const code = once(child, "close").then(([exit]) => (typeof exit === "number" ? exit : null));
  const printed = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(output);
        if (found !== null) resolve(found);
      };
      const timer = setTimeout(() => reject(new Error(`${pattern} did not come:\n${output}`)), LIMIT_MS);
      child.stdout.on("data", look);
      child.on("close", () => reject(new Error(`ended without ${pattern}:\n${output}`)));
      child.on("close", () => clearTimeout(timer));
      look();
    });
  run = { process: child, output: () => output, printed, code };
  return run;
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function expectAllReleases(output: string): void {
  expect(output.match(/^\d+\/17 .*/gm)).toHaveLength(17);
  const codes = [...output.matchAll(/expected exit code (\d+), got (\d+)/g)].map(([, ...pair]) => pair);
  expect(codes).toEqual(
    ["0", "0", "0", "3", "0", "6", "3", "0", "0", "0", "0", "0", "3", "0", "0", "0", "0"].map((code) => [code, code]),
  );
  expect(output).toMatch(/customers meanwhile: [\d,]+ writes, the longest took \d+ ms, 0 errors/);
  expect(output).toMatch(/stands: 9 migrations/);
  expect(output).toMatch(/008_payments +applied/);
  expect(output).toMatch(/taken back: products has its column title again[\s\S]*left alone: orders keeps gift_note/);
  expect(output).toMatch(/headgate.run says who did it: ada, from 012_order_weight to 010_gift_note/);
  expect(output).toMatch(/013_no_channel loses 20\d,\d{3} values of orders.channel\n[^\n]* backup .* read back whole/);
  expect(output).toMatch(/before it went: [\d,]+ bytes in [\d.]+ s, read back whole/);
  expect(output).toMatch(/in shop_as_it_was: the channel of every one of 20\d,\d{3} orders/);
  expect(output).not.toContain("\u001b[");
}

describe("npm run demo", { timeout: LIMIT_MS }, () => {
  it("takes the shop forth and back through its releases, and --keep holds the database until it is interrupted", async () => {
    const demo = start("--keep");
    const [, url = ""] = await demo.printed(/export DATABASE_URL='([^']+)'/);
    const env = { DATABASE_URL: url };
    expect(await headgate(["status", "--json", "--dir", join(SHOP, "migrations")], env)).toMatchObject({ code: 0 });
    expect(await headgate(["smoke", "-f", join(SHOP, "values.yaml")], env)).toMatchObject({ code: 0 });
    demo.process.kill("SIGINT");
    // The code of the releases: keeping the database adds nothing to it.
    expect(await demo.code, demo.output()).toBe(0);
    expectAllReleases(demo.output());
    expect(await isOpen(Number(new URL(url).port))).toBe(false);
    // The page is what stays.
    expect(readdirSync(scratch)).toEqual(["headgate-demo-report.html"]);
    expect(readFileSync(join(scratch, "headgate-demo-report.html"), "utf8")).toContain("013_no_channel");
  });

  it("interrupted in the middle of a release, it leaves nothing behind either", async () => {
    const demo = start();
    await demo.printed(/^1\/17 /m);
    demo.process.kill("SIGINT");
    expect(await demo.code, demo.output()).toBe(130);
    expect(demo.output()).toContain("SIGINT: stopped, and nothing is left behind");
    expect(readdirSync(scratch)).toEqual([]);
  });
});
