import { parseDuration } from "../lib/duration.ts";
import { type Calling, outputOf, type Program } from "../postgres/dump-programs.ts";
import type { Session } from "../postgres/session.ts";
import { type BackupContext, backupFailed } from "./context.ts";

/** From this client on; before it, gzip. */
const ZSTD_FROM = 16;

export interface DumpOptions {
  readonly session: Session;
  /** Of an exported snapshot, where the dump is to be compared with what was counted in it. */
  readonly snapshot: string | undefined;
  /** Further arguments. */
  readonly only: readonly string[];
}

/** A client may be built without zstd; it says so before it connects. */
async function compression(program: Program, calling: Omit<Calling, "args">): Promise<string> {
  if (program.major < ZSTD_FROM) return "--compress=1";
  const { env, signal } = calling;
  const probe = outputOf(program, {
    ...{ env, signal, failure: backupFailed },
    args: ["--format=custom", "--compress=zstd:3", "--file=/dev/null", "--host=/nowhere", "--dbname=none"],
  });
  try {
    for await (const _ of probe);
    return "--compress=zstd:3";
  } catch (error) {
    signal.throwIfAborted();
    const said = error instanceof Error && "details" in error ? String(error.details) : "";
    return /not supported|this build/.test(said) ? "--compress=1" : "--compress=zstd:3";
  }
}

/** The database in pg_dump's custom format, as it comes. Rejects with `backup-failed`. */
export async function* dumped(
  { settings, env, signal }: Pick<BackupContext, "settings" | "env" | "signal">,
  program: Program,
  { session, snapshot, only }: DumpOptions,
): AsyncGenerator<Uint8Array> {
  const { role } = settings.database;
  const calling = { env, signal, connection: session.connection, failure: backupFailed };
  const args = [
    ...["--format=custom", await compression(program, calling), "--no-password"],
    `--lock-wait-timeout=${parseDuration(settings.backup.lockTimeout)}`,
    ...(role === "" ? [] : [`--role=${role}`]),
    ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`]),
    ...only,
  ];
  yield* outputOf(program, { ...calling, args });
}
