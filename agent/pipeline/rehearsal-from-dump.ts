import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HeadgateError, type Particulars } from "../errors/headgate-error.ts";
import type { Names } from "../history/schema.ts";
import { shellWord } from "../lib/shell.ts";
import { connect } from "../postgres/client.ts";
import { describePrograms, findPrograms, outputOf, type Program } from "../postgres/dump-programs.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import type { Context } from "../stages/context.ts";
import type { Dump } from "./rehearsal-from-load.ts";

type Env = Readonly<Record<string, string | undefined>>;

const failure = (particulars: Particulars): HeadgateError => new HeadgateError("no-throwaway-database", particulars);

const missing = (what: string, fix: string): HeadgateError =>
  new HeadgateError("no-throwaway-database", { what, fix, stands: "nothing was changed" });

const found = (programs: readonly Program[]): string =>
  `in PATH and /usr/lib/postgresql there is ${programs.length === 0 ? "none" : describePrograms(programs)}`;

/** The tables that say what is applied. */
const rowTables = ({ schema, pgmigrations }: Names): string[] => [`${schema}.*`, pgmigrations];

/** The commands that make a dump with what is applied, and without anybody's rows. */
const makingOf = (names: Names): string => {
  const tables = rowTables(names).map((name) => `--table=${shellWord(name)}`);
  return `pg_dump --schema-only > state.sql\npg_dump --data-only --inserts ${tables.join(" ")} >> state.sql\nor with all rows: pg_dump --inserts > state.sql`;
};

/** Those of our tables that are there: pg_dump fails for a name that matches nothing. */
async function ourTables(session: Session, names: Names): Promise<string[]> {
  const [row = {}] = await session.query(
    `SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(${quoteLiteral(names.schema)}) AND relkind = 'r') AS own,
 to_regclass(${quoteLiteral(names.pgmigrations)}) IS NOT NULL AS mirror`,
  );
  const [own = "", mirror = ""] = rowTables(names);
  return [...(row.own === true ? [own] : []), ...(row.mirror === true ? [mirror] : [])];
}

async function fittingDump(session: Session, env: Env): Promise<Program> {
  const { version, versionText } = session.facts;
  const major = Math.floor(version / 10_000);
  const programs = await findPrograms("pg_dump", env);
  const fitting = programs.find((one) => one.major >= major);
  if (fitting !== undefined) return fitting;
  throw missing(
    `the database is of PostgreSQL ${versionText}, which a pg_dump of ${major} or later reads; ${found(programs)}`,
    `install it: apt-get install postgresql-client-${major}; or take the dump where there is one and rehearse on that: headgate rehearse --from state.sql`,
  );
}

/**
 * A dump of the database's schema, with no rows but those that say what is applied, and what `work` makes of it. Both
 * halves are of one moment. Rejects with `no-throwaway-database` when no pg_dump fits.
 */
export async function withDumpOf<T>(
  { names, settings, signal, applicationName }: Context,
  { session, env }: { readonly session: Session; readonly env: Env },
  work: (dump: Dump) => Promise<T>,
): Promise<T> {
  const program = await fittingDump(session, env);
  const { connection } = session;
  const { role } = settings.database;
  const tables = await ourTables(session, names);
  const client = await connect(connection, { applicationName, timeoutMs: 10_000 });
  try {
    await client.query(
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0",
    );
    const [row = {}] = await client.query("SELECT pg_export_snapshot() AS snapshot");
    const common = [
      ...["--encoding=UTF8", "--lock-wait-timeout=10s", `--snapshot=${row.snapshot}`],
      ...(role === "" ? [] : [`--role=${role}`]),
    ];
    const schema = ["--schema-only", "--no-tablespaces", "--no-subscriptions", "--no-security-labels"];
    const rows = ["--data-only", "--inserts", ...tables.map((name) => `--table=${name}`)];
    const calling = { env, connection, signal, failure };
    async function* both(): AsyncGenerator<Uint8Array> {
      yield* outputOf(program, { ...calling, args: [...schema, ...common] });
      if (tables.length > 0) yield* outputOf(program, { ...calling, args: [...rows, ...common] });
    }
    const name = `the dump of ${session.facts.database}`;
    return await work({ name, isFile: false, sql: both(), making: makingOf(names) });
  } finally {
    await client.close();
  }
}

const TAR_AT = 257;

/** What only pg_restore reads: its custom format, a tar or a folder of it. */
async function isArchive(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => undefined);
  const isFolder = facts?.isDirectory() === true;
  if (facts === undefined || (isFolder && (await stat(join(path, "toc.dat")).catch(() => undefined)) === undefined))
    throw new HeadgateError("usage", {
      what: `--from ${path}: there is no such ${isFolder ? "dump: the folder has no toc.dat" : "file"}`,
      fix: "name a dump of pg_dump, or say --from database for the one that DATABASE_URL names",
      stands: "nothing was changed",
    });
  if (isFolder) return true;
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.toString("latin1", 0, 5) === "PGDMP" || buffer.toString("latin1", TAR_AT, TAR_AT + 5) === "ustar";
  } finally {
    await file.close();
  }
}

/** A dump that lies in a file or folder. Rejects with `usage` when nothing does, and with `no-throwaway-database` when it cannot be read. */
export async function dumpAt(path: string, { names, signal }: Context, env: Env): Promise<Dump> {
  const making = makingOf(names);
  if (!(await isArchive(path))) return { name: path, isFile: true, sql: createReadStream(path), making };
  const programs = await findPrograms("pg_restore", env);
  const newest = programs.at(-1);
  if (newest === undefined)
    throw missing(
      `${path} is an archive, which pg_restore turns into SQL; ${found(programs)}`,
      `install it: apt-get install postgresql-client; or make it plain where there is one: pg_restore --file=state.sql ${shellWord(path)}`,
    );
  const args = ["--file=-", "--no-tablespaces", "--no-subscriptions", "--no-security-labels", resolve(path)];
  return { name: path, isFile: false, sql: outputOf(newest, { args, env, signal, failure }), making };
}
