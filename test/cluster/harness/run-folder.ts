import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeCgroups } from "./cgroups.ts";
import { cacheFolder, say } from "./paths.ts";
import { identify, isAlive, kill, type ProcessId } from "./process-id.ts";

/** One run's folder below the cache, and what it has to give back at its end. */
export interface RunFolder {
  readonly id: string;
  readonly path: string;
}

interface RunRecord {
  readonly owner: ProcessId;
  /** The process that holds the namespaces; when it ends, the kernel ends everything in them. */
  readonly holder?: ProcessId;
}

/** Unix sockets below the folder must fit the 107 bytes that the kernel allows. */
const longestPath = 72;

const keptFailures = 10;

export async function createRunFolder(): Promise<RunFolder> {
  const runs = await cacheFolder("runs");
  const id = `headgate-${process.pid}-${randomBytes(2).toString("hex")}`;
  const folder = { id, path: join(runs, id) };
  if (folder.path.length > longestPath) {
    throw new Error(`${folder.path} is too long for Unix sockets: set HEADGATE_CACHE to a shorter folder.`);
  }
  for (const name of ["", "log", "pid", "pki"]) mkdirSync(join(folder.path, name));
  record(folder, undefined);
  return folder;
}

/** Written before anything is started, and again when there is a holder. */
export function record(folder: RunFolder, holder: ProcessId | undefined): void {
  const owner = identify(process.pid);
  if (owner === undefined) throw new Error("/proc does not list this very process: the test cluster needs Linux.");
  const content: RunRecord = holder === undefined ? { owner } : { owner, holder };
  writeFileSync(recordFile(folder.path), JSON.stringify(content));
}

export function removeRunFolder(folder: RunFolder): void {
  rmSync(folder.path, { recursive: true, force: true, maxRetries: 5 });
}

/** What failed runs left for reading; the oldest go. */
export async function removeOldFailures(): Promise<void> {
  const failures = await cacheFolder("failures");
  const folders = readdirSync(failures).map((name) => join(failures, name));
  const ages = folders.map((folder) => ({ folder, madeAt: statSync(folder).mtimeMs }));
  const old = ages.toSorted((a, b) => b.madeAt - a.madeAt).slice(keptFailures);
  for (const { folder } of old) rmSync(folder, { recursive: true, force: true });
}

/** Removes what runs of this harness left behind whose own process is dead, and nothing else. */
export async function removeDeadRuns(): Promise<void> {
  const runs = await cacheFolder("runs");
  for (const id of readdirSync(runs)) {
    const folder = { id, path: join(runs, id) };
    const left = readRecord(folder.path);
    if (left === undefined || isAlive(left.owner)) continue;
    say(`removing what the killed run ${id} left behind`);
    if (left.holder) kill(left.holder, "SIGKILL");
    removeCgroups(id);
    removeRunFolder(folder);
  }
}

const recordFile = (path: string): string => join(path, "run.json");

function readRecord(path: string): RunRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(path), "utf8")) as RunRecord;
  } catch {
    return undefined;
  }
}
