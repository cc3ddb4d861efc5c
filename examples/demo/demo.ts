import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Server, startServer } from "../../test/support/embedded-postgres.ts";
import { installedPostgres } from "../../test/support/installed-postgres.ts";
import { keepUp, printNext, printReport, printStatus } from "./ending.ts";
import { buildImages } from "./images.ts";
import { type Demo, runStep } from "./run-step.ts";
import { paint, print, seconds } from "./screen.ts";
import { createShop } from "./shop.ts";
import { steps } from "./steps.ts";

const started = performance.now();
const stop = new AbortController();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort(signal));
// Whoever reads the output has gone, as in `npm run demo | head`.
process.stdout.on("error", () => stop.abort("SIGPIPE"));

const INTERRUPTED = 130;

/** Where there is no pg_dump, no copy can be made, and the steps about it are left out. */
async function runSteps(demo: Demo, canDump: boolean): Promise<boolean> {
  const these = steps.filter(({ dumps = false }) => canDump || !dumps);
  for (const [index, step] of these.entries()) {
    stop.signal.throwIfAborted();
    if (!(await runStep(step, `${index + 1}/${these.length}  ${step.title}`, demo))) return false;
  }
  if (!canDump)
    print(
      `\n   ${paint("yellow", "left out: a copy before data goes. It needs PostgreSQL's own pg_dump: apt-get install postgresql")}`,
    );
  return (await printStatus(demo.shop)) && (await printReport(demo.shop));
}

/** The installed PostgreSQL with its pg_dump; else the one that the tests bring, which has none. */
async function withServer<T>(bin: string | undefined, work: (server: Server) => Promise<T>): Promise<T> {
  if (bin !== undefined) process.env.HEADGATE_TEST_POSTGRES_BIN = bin;
  const server = await startServer({ settings: ["fsync = off"], password: "demo" });
  try {
    return await work(server);
  } finally {
    await server.remove();
  }
}

function postgresWithDump(): string | undefined {
  try {
    return installedPostgres();
  } catch {
    return undefined;
  }
}

async function runDemo(home: string, keep: boolean): Promise<number> {
  const bin = postgresWithDump();
  const backups = join(home, "backups");
  mkdirSync(backups);
  print(paint("bold", "Headgate: a shop and its database, forth and back through its releases"));
  print("   The real Helm renders the chart; its Job's containers run here as processes, by the Job's own rules.");
  const building = buildImages(home);
  // Told where it is awaited; until then a failure must not end the process with the server half started.
  building.catch(() => undefined);
  try {
    return await withServer(bin, async (server) => {
      const shop = await createShop(server);
      const demo = { shop, images: await building, backups, signal: stop.signal };
      print(
        paint(
          "dim",
          `   PostgreSQL is up and ${Object.keys(await building).length} images are built (${seconds(started)})`,
        ),
      );
      const well = await runSteps(demo, bin !== undefined);
      const verdict = well ? paint("green", "✔ all as expected") : paint("red", "✘ not as expected");
      print(`\n${verdict} in ${seconds(started)}`);
      printNext(keep);
      if (keep) await keepUp(shop, stop.signal);
      return well ? 0 : 1;
    });
  } finally {
    // Nothing may still write into the folder that goes away next.
    await building.catch(() => undefined);
  }
}

function explain(error: unknown): number {
  if (stop.signal.aborted) {
    print(`\n${String(stop.signal.reason)}: stopped, and nothing is left behind`);
    return INTERRUPTED;
  }
  const [first, ...more] = (error instanceof Error ? (error.stack ?? error.message) : String(error)).split("\n");
  print(`\n${paint("red", `✘ ${first}`)}\n${paint("dim", more.join("\n"))}`);
  return 1;
}

async function main(): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), "hg-"));
  // As root the server runs as another user, who has to get through to its own folder.
  chmodSync(home, 0o711);
  // All that anybody puts aside from here on lies in this one folder.
  process.env.TMPDIR = home;
  try {
    return await runDemo(home, process.argv.includes("--keep"));
  } catch (error) {
    return explain(error);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

process.exitCode = await main();
