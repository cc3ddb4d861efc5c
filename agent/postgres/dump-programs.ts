import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { HeadgateError, Particulars } from "../errors/headgate-error.ts";
import { elapsed } from "../lib/clock.ts";
import { signalGroup } from "../lib/process-group.ts";
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
export function connectionEnv(connection: Connection, major: number): Record<string, string> {
  const { host, port, database, user, password, tls, options } = connection;
  // libpq looks for a CA bundle in the user's home unless it is told to take the system's, as Headgate does.
  const system = tls.mode === "verify-full" && major >= 16 ? "system" : undefined;
  return given({
    ...{ PGHOST: host, PGPORT: String(port), PGDATABASE: database, PGUSER: user, PGPASSWORD: password },
    ...{ PGSSLMODE: tls.mode, PGSSLROOTCERT: tls.caFile ?? system, PGSSLCERT: tls.certFile, PGSSLKEY: tls.keyFile },
    ...{ PGOPTIONS: options, PGAPPNAME: "headgate:dump", PGCONNECT_TIMEOUT: "10" },
  });
}

const given = (env: Env): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** What a program is run with. */
export interface Calling {
  readonly args: readonly string[];
  /** The process's own environment. */
  readonly env: Env;
  /** The database that it works on; undefined for none. */
  readonly connection?: Connection;
  readonly signal: AbortSignal;
  /** `all`: it finds the whole environment, not only what a program of PostgreSQL needs of it. */
  readonly inherits?: "all";
  /** The caller's error of what the program says; `particulars` know what to do where it is known. */
  readonly failure: (particulars: Particulars) => HeadgateError;
}

const LAST_LINES = 8;

/** From being asked to end to being killed. */
const GRACE_MS = 5_000;

const FIXES: readonly (readonly [said: RegExp, fix: (user: string) => string])[] = [
  [
    /could not execute query[\s\S]*(role "[^"]*" does not exist|must be able to SET ROLE|must be (a )?member of role)/,
    () => "leave out who owns what and who may what: run again with --without-owners; or restore as an administrator",
  ],
  [
    /permission denied for/,
    (user) =>
      `pg_dump wants to read every table: let the owner of them connect; or as an administrator: GRANT pg_read_all_data TO ${quoteIdentifier(user)}`,
  ],
  [
    /row-level security/,
    (user) =>
      `let a role read that every policy lets through: as an administrator: ALTER ROLE ${quoteIdentifier(user)} BYPASSRLS`,
  ],
  [/LOCK TABLE/, () => "run again when nobody locks that table any more"],
];

const fixOf = (stderr: string, connection: Connection | undefined): string =>
  (connection === undefined ? undefined : FIXES.find(([said]) => said.test(stderr))?.[1](connection.user)) ??
  "mend what it says and run again";

/** A program at work. */
export interface Running {
  readonly child: ChildProcess;
  /** Rejects with the caller's error when it ends with anything but 0. `tolerated` judges what it wrote then. */
  ended(tolerated?: (stderr: string) => boolean): Promise<void>;
  /** Ends it, and waits until it has. */
  stop(): Promise<void>;
}

interface Ending {
  readonly code: number | null;
  readonly stderr: string;
}

function failed(program: Program, { connection, failure }: Calling, { code, stderr }: Ending): HeadgateError {
  const of = connection === undefined ? "" : ` of ${describeConnection(connection)}`;
  const said = stderr === "" ? `it ended with ${code ?? "a signal: it was killed"}` : stderr;
  return failure({
    what: `${program.path}${of} failed`,
    details: said.trimEnd().split("\n").slice(-LAST_LINES),
    fix: fixOf(stderr, connection),
    stands: "nothing was changed",
  });
}

/** Asks it to end, and kills it when it is there all the same; with what it has started, where it leads a group. */
async function end(child: ChildProcess, leads: boolean): Promise<void> {
  const { pid } = child;
  const send = (what: NodeJS.Signals | 0): boolean =>
    leads && pid !== undefined ? signalGroup(pid, what) : child.kill(what);
  const began = elapsed();
  send("SIGTERM");
  // What it has started itself may hold the pipes open: nobody waits for that.
  child.stdout?.destroy();
  child.stderr?.destroy();
  while (send(0) && elapsed() - began < GRACE_MS) await sleep(20);
  send("SIGKILL");
}

/** Starts a program with pipes for its input, if it reads one, and its output. */
export function startProgram(program: Program, calling: Calling, reads = false): Running {
  const { args, env, connection, signal, inherits } = calling;
  signal.throwIfAborted();
  const of = connection === undefined ? {} : connectionEnv(connection, program.major);
  const child = spawn(program.path, args, {
    ...{ stdio: [reads ? "pipe" : "ignore", "pipe", "pipe"], cwd: "/", detached: inherits === "all" },
    env: { ...given(inherits === "all" ? env : inherited(env)), ...of },
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = `${stderr}${text}`.slice(-20_000);
  });
  // Who reads no more is known by how it ends.
  child.stdin?.on("error", () => undefined);
  let open = true;
  const closed = once(child, "close")
    .then(
      ([code]): Ending => ({ code, stderr }),
      (error: unknown): Ending => ({ code: null, stderr: String(error) }),
    )
    .finally(() => {
      open = false;
    });
  let ending: Promise<void> | undefined;
  const cut = () => {
    if (open) ending ??= end(child, inherits === "all");
  };
  signal.addEventListener("abort", cut, { once: true });
  return {
    child,
    async ended(tolerated = () => false) {
      const how = await closed;
      signal.throwIfAborted();
      if (how.code !== 0 && (how.code === null || !tolerated(how.stderr))) throw failed(program, calling, how);
    },
    async stop() {
      signal.removeEventListener("abort", cut);
      cut();
      await ending;
      await closed;
    },
  };
}

/** Runs a program and gives what it writes, as it comes. Ends it when nobody reads on. Rejects with the caller's error. */
export async function* outputOf(program: Program, calling: Calling): AsyncGenerator<Uint8Array> {
  const running = startProgram(program, calling);
  try {
    if (running.child.stdout !== null) yield* running.child.stdout;
    await running.ended();
  } catch (error) {
    calling.signal.throwIfAborted();
    throw error;
  } finally {
    await running.stop();
  }
}

/** Gives the program one piece more, and waits while it has enough. What has ended takes nothing. */
export async function feed({ child: { stdin } }: Running, chunk: Uint8Array): Promise<void> {
  if (stdin === null || !stdin.writable || stdin.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const go = () => {
      stdin.off("drain", go).off("close", go);
      resolve();
    };
    stdin.once("drain", go).once("close", go);
  });
}
