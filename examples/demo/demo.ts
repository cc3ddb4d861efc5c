import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Server, startServer } from "../../test/support/embedded-postgres.ts";
import { keepUp, printNext, printStatus } from "./ending.ts";
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

async function runSteps(demo: Demo): Promise<boolean> {
  for (const [index, step] of steps.entries()) {
    stop.signal.throwIfAborted();
    if (!(await runStep(step, `${index + 1}/${steps.length}  ${step.title}`, demo))) return false;
  }
  return await printStatus(demo.shop);
}

async function withServer<T>(work: (server: Server) => Promise<T>): Promise<T> {
  const server = await startServer({ settings: ["fsync = off"], password: "demo" });
  try {
    return await work(server);
  } finally {
    await server.remove();
  }
}

async function runDemo(home: string, keep: boolean): Promise<number> {
  print(paint("bold", "Headgate: a shop and its database, forth and back through its releases"));
  print("   The real Helm renders the chart; its Job's containers run here as processes, by the Job's own rules.");
  const building = buildImages(home);
  // Told where it is awaited; until then a failure must not end the process with the server half started.
  building.catch(() => undefined);
  try {
    return await withServer(async (server) => {
      const shop = await createShop(server);
      const demo = { shop, images: await building, signal: stop.signal };
      print(
        paint(
          "dim",
          `   PostgreSQL is up and ${Object.keys(await building).length} images are built (${seconds(started)})`,
        ),
      );
      const well = await runSteps(demo);
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
