import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { HeadgateError } from "../errors/headgate-error.ts";
import { count } from "../lib/count.ts";
import { writeWhole } from "../lib/files.ts";
import type { Io } from "../lib/io.ts";
import { plainTerminal } from "../lib/plain.ts";
import type { Redactor } from "../lib/redact.ts";
import { MANIFEST } from "../migrations/manifest.ts";
import type { MigrationFile } from "../migrations/types.ts";
import { rehearse } from "../pipeline/rehearsal.ts";
import { type Place, withBench } from "../pipeline/rehearsal-bench.ts";
import { fromNothing } from "../pipeline/rehearsal-start.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import { urlSource } from "../postgres/sources.ts";
import { leftoverDatabases } from "../postgres/throwaway-database.ts";
import { startThrowawayServer } from "../postgres/throwaway-server.ts";
import type { Context } from "../stages/context.ts";
import { planOffline } from "../stages/plan.ts";
import type { PlannedMigration } from "../stages/state.ts";
import { type Args, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import { needsSchema } from "./over-fleet.ts";
import { failures, type Rehearsed, rehearsalJson, rehearsalJunit, rehearsalText } from "./rehearse-formats.ts";

/** The server that is named, else one of our own for as long as `work` takes. */
async function withPlace<T>(
  { log, signal }: Context,
  { io, redactor }: { readonly io: Io; readonly redactor: Redactor },
  work: (place: Place) => Promise<T>,
): Promise<T> {
  const url = io.env.HEADGATE_REHEARSAL_URL ?? "";
  if (url !== "") {
    const connection = await urlSource(url, "HEADGATE_REHEARSAL_URL", redactor)();
    for (const name of await leftoverDatabases(connection))
      log.warn(
        `a rehearsal that was killed has left a database; remove it with DROP DATABASE ${quoteIdentifier(name)};`,
      );
    return await work({ connection, own: false });
  }
  const server = await startThrowawayServer(io.env.PATH, signal);
  log.info(`a PostgreSQL to throw away was started from ${server.origin}`);
  try {
    return await work({ connection: server.connection, own: true });
  } finally {
    await server.stop();
  }
}

/** A manifest is of the whole set, and a rehearsal takes a part of it at a time. */
async function withoutManifest<T>(context: Context, work: (context: Context) => Promise<T>): Promise<T> {
  if (!existsSync(join(context.dir, MANIFEST))) return await work(context);
  const dir = mkdtempSync(join(tmpdir(), "headgate-files-"));
  try {
    for (const entry of readdirSync(context.dir, { withFileTypes: true }))
      if (!entry.isDirectory() && !entry.name.startsWith("."))
        symlinkSync(join(resolve(context.dir), entry.name), join(dir, entry.name));
    return await work({ ...context, dir });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function countFindings(planned: readonly PlannedMigration[]): Rehearsed["findings"] {
  const open = planned
    .flatMap(({ findings, downFindings }) => [...findings.flat(), ...downFindings])
    .filter(({ accepted }) => accepted === undefined);
  const of = (risk: string) => open.filter((one) => one.risk === risk).length;
  return { high: of("high"), medium: of("medium"), low: of("low") };
}

/** A set that holds nothing would pass for one that holds. */
function refuseEmpty({ dir }: Context, files: readonly unknown[]): void {
  if (files.length > 0) return;
  throw new HeadgateError("bad-migration-files", {
    what: `${resolve(dir)} holds no migrations, so there is nothing to rehearse`,
    fix: "name the folder of the migrations with --dir",
    stands: "nothing was changed",
  });
}

interface Rehearsing {
  readonly place: Place;
  readonly files: readonly MigrationFile[];
  readonly planned: readonly PlannedMigration[];
  readonly strict: boolean;
}

const downsOf = (planned: readonly PlannedMigration[]) =>
  new Map(planned.map(({ migration }) => [migration.name, migration.downAt]));

async function onEmpty(context: Context, { place, files, planned, strict }: Rehearsing): Promise<Rehearsed> {
  return await withBench(context, place, async (bench) => {
    const result = await rehearse(context, bench, { start: fromNothing(files), strict, downAt: downsOf(planned) });
    return { version: bench.version, from: null, ...result, findings: countFindings(planned) };
  });
}

async function onState(
  context: Context,
  { place, files, planned, strict }: Rehearsing,
  from: { readonly from: string; readonly env: Io["env"] },
): Promise<Rehearsed> {
  const { withState } = await import("../pipeline/rehearsal-from.ts");
  return await withState(context, { place, from, files }, async (prepared): Promise<Rehearsed> => {
    const { start, version, name } = prepared;
    // Judged alone: what is applied is somebody's table by now.
    const { migrations } = await planOffline(context, { dir: context.dir, files: start.pending });
    const known = { version, from: { name, applied: start.applied }, findings: countFindings(migrations) };
    if (start.pending.length === 0) return { ...known, migrations: [], notReached: [], whole: [] };
    return await withBench(context, prepared.place, async (bench) => ({
      ...known,
      ...(await rehearse(context, bench, { start, strict, downAt: downsOf(planned) })),
    }));
  });
}

/** What was rehearsed, and on what. */
function closing({ migrations, version, from }: Rehearsed): string {
  const on = `on PostgreSQL ${version}`;
  if (from === null) return `${count(migrations.length, "migration")} rehearsed ${on}: all of it holds`;
  const state = `${from.name}, which has ${from.applied.length} applied`;
  if (migrations.length === 0) return `nothing to rehearse: nothing is pending in ${state}`;
  return `${count(migrations.length, "migration")} rehearsed ${on}, from the state of ${state}: all of it holds`;
}

const doesNotHold = (rehearsed: Rehearsed, failed: readonly string[]): HeadgateError =>
  new HeadgateError("rehearsal-failed", {
    what: `of ${count(rehearsed.migrations.length + rehearsed.notReached.length, "migration")} these do not hold: ${failed.join(", ")}`,
    stands: "no database was changed but the one that was thrown away",
  });

/** Rehearses a set, tells of it, and gives the exit code. */
export const runRehearsal = async (args: Args, io: Io): Promise<number> =>
  await withContext("rehearse", { args, io }, async (made, redactor) => {
    needsSchema(made);
    const strict = flagArg(args, "strict");
    const from = textArg(args, "from");
    const rehearsed = await withoutManifest(made, async (context) => {
      const { files, migrations: planned } = await planOffline(context);
      refuseEmpty(made, files);
      return await withPlace(context, { io, redactor }, async (place) => {
        const rehearsing = { place, files, planned, strict };
        if (from === undefined) return await onEmpty(context, rehearsing);
        return await onState(context, rehearsing, { from, env: io.env });
      });
    });
    const junit = textArg(args, "junit");
    if (junit !== undefined) await writeWhole(junit, redactor.clean(rehearsalJunit(rehearsed)));
    const told = flagArg(args, "json") ? rehearsalJson(rehearsed) : plainTerminal(rehearsalText(rehearsed));
    io.out(redactor.clean(told));
    const failed = failures(rehearsed);
    if (failed.length > 0) throw doesNotHold(rehearsed, failed);
    io.err(`${closing(rehearsed)}\n`);
    return 0;
  });
