import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { HeadgateError } from "../errors/headgate-error.ts";
import { type Connection, describeConnection } from "./connection.ts";
import { quoteIdentifier } from "./quote.ts";
import { programFolders } from "./throwaway-binaries.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** pg_dump or pg_restore, found on this machine. */
export interface Program {
  readonly path: string;
  /** `15.14` */
  readonly version: string;
  readonly major: number;
}

/** What a program needs of the environment to find its libraries, its home and the user's password file. */
const INHERITED = ["PATH", "HOME", "PGPASSFILE", "TMPDIR", "LD_LIBRARY_PATH"];

const inherited = (env: Env): Record<string, string | undefined> => ({
  ...Object.fromEntries(INHERITED.map((name) => [name, env[name]])),
  LC_ALL: "C",
});

async function versionOf(path: string, env: Env): Promise<Program[]> {
  const { stdout } = await promisify(execFile)(path, ["--version"], { env: inherited(env), timeout: 10_000 }).catch(
    () => ({ stdout: "" }),
  );
  const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(stdout) ?? [];
  return version === undefined ? [] : [{ path, version, major: Number(major) }];
}

/** Every program of that name in PATH and where PostgreSQL is installed, those of the oldest PostgreSQL first. */
export async function findPrograms(name: "pg_dump" | "pg_restore", env: Env): Promise<Program[]> {
  const paths = programFolders(env.PATH).map(({ bin }) => join(bin, name));
  const there = [...new Set(paths.filter(existsSync).map((path) => realpathSync(dirname(path))))];
  const found = await Promise.all(there.map((bin) => join(bin, name)).map(async (path) => await versionOf(path, env)));
  return found.flat().sort((a, b) => a.major - b.major);
}

/** `15.14 in /usr/bin/pg_dump`, each. */
export const describePrograms = (programs: readonly Program[]): string =>
  programs.map(({ path, version }) => `${version} in ${path}`).join(", ");

/** A connection as libpq's own variables: a command line could be read by everybody on the machine. */
function connectionEnv({ host, port, database, user, password, tls, options }: Connection, major: number): Env {
  // libpq looks for a CA bundle in the user's home unless it is told to take the system's, as Headgate does.
  const system = tls.mode === "verify-full" && major >= 16 ? "system" : undefined;
  return {
    ...{ PGHOST: host, PGPORT: String(port), PGDATABASE: database, PGUSER: user, PGPASSWORD: password },
    ...{ PGSSLMODE: tls.mode, PGSSLROOTCERT: tls.caFile ?? system, PGSSLCERT: tls.certFile, PGSSLKEY: tls.keyFile },
    ...{ PGOPTIONS: options, PGAPPNAME: "headgate:dump", PGCONNECT_TIMEOUT: "10" },
  };
}

const given = (env: Env): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** What a program is run with. */
export interface Calling {
  readonly args: readonly string[];
  /** The process's own environment. */
  readonly env: Env;
  /** The database that it reads; undefined for none. */
  readonly connection?: Connection;
  readonly signal: AbortSignal;
}

const LAST_LINES = 8;

function fixOf(stderr: string, connection: Connection | undefined): string {
  if (connection !== undefined && /permission denied for/.test(stderr))
    return `pg_dump wants to read every table: let the owner of them connect; or as an administrator: GRANT pg_read_all_data TO ${quoteIdentifier(connection.user)}`;
  if (/LOCK TABLE/.test(stderr)) return "run again when nobody locks that table any more: pg_dump waits 10 s for it";
  return "mend what it says and run again";
}

function failed(program: Program, { connection }: Calling, stderr: string): HeadgateError {
  const of = connection === undefined ? "" : ` of ${describeConnection(connection)}`;
  return new HeadgateError("no-throwaway-database", {
    what: `${program.path}${of} failed`,
    details: stderr.trimEnd().split("\n").slice(-LAST_LINES),
    fix: fixOf(stderr, connection),
    stands: "nothing was changed",
  });
}

/** Runs a program and gives what it writes, as it comes. Ends it when nobody reads on. Rejects with `no-throwaway-database`. */
export async function* outputOf(program: Program, calling: Calling): AsyncGenerator<Uint8Array> {
  const { args, env, connection, signal } = calling;
  signal.throwIfAborted();
  const of = connection === undefined ? {} : connectionEnv(connection, program.major);
  const child = spawn(program.path, args, {
    ...{ stdio: ["ignore", "pipe", "pipe"], cwd: "/" },
    env: given({ ...inherited(env), ...of }),
  });
  const closed = once(child, "close").catch((error: unknown) => [String(error)]);
  const cut = () => child.kill();
  signal.addEventListener("abort", cut, { once: true });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = `${stderr}${text}`.slice(-10_000);
  });
  try {
    if (child.stdout !== null) yield* child.stdout;
    const [code] = await closed;
    signal.throwIfAborted();
    if (code !== 0) throw failed(program, calling, stderr === "" ? `it ended with ${code}` : stderr);
  } finally {
    signal.removeEventListener("abort", cut);
    child.kill();
    await closed;
  }
}
