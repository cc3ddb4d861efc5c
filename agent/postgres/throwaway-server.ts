import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, cpSync, lchownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { HeadgateError } from "../errors/headgate-error.ts";
import { elapsed, sleep } from "../lib/clock.ts";
import { readTextIfThere } from "../lib/files.ts";
import { reasonOf } from "../lib/reason.ts";
import { connect } from "./client.ts";
import type { Connection } from "./connection.ts";
import { ANOTHER_SERVER, type Binaries, findBinaries } from "./throwaway-binaries.ts";

/** A PostgreSQL of our own, with nothing in it, that only this user reaches. */
export interface ThrowawayServer {
  readonly connection: Connection;
  /** The package or folder that it was started from. */
  readonly origin: string;
  /** Ends it and removes its files. */
  readonly stop: () => Promise<void>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

const START_MS = 30_000;

/**
 * Its standard input is a pipe that Headgate holds: it ends when Headgate does, be it by SIGKILL, and then the server goes,
 * and its files. A shell ignores SIGQUIT for what it starts in the background until the server listens to it, so it is
 * told again.
 */
const KEEPER = `
bin=$1 home=$2
if "$bin/initdb" -D "$home/data" -U postgres --encoding=UTF8 --locale=C --auth=trust --no-sync >"$home/log" 2>&1 </dev/null
then
  "$bin/postgres" -D "$home/data" -c listen_addresses= -c unix_socket_directories="$home" -c port=5432 -c fsync=off \\
    -c synchronous_commit=off -c full_page_writes=off -c max_prepared_transactions=5 -c wal_level=logical \\
    >>"$home/log" 2>&1 </dev/null &
  server=$!
  cat >/dev/null
  while kill -QUIT $server 2>/dev/null; do sleep 0.1; done
else
  echo "FATAL:  initdb failed" >>"$home/log"
  cat >/dev/null
fi
cd / && rm -rf "$home"
`;

/** PostgreSQL refuses to run as root, so root runs it as `nobody`. Whoever owns a folder that we have made is us. */
function accountFor(home: string): Account | undefined {
  if (statSync(home).uid !== 0) return undefined;
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((one) => one.startsWith("nobody:"));
  const [, , uid = 65_534, gid = 65_534] = line?.split(":") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

const mayEnter = (folder: string): boolean =>
  (statSync(folder).mode & 0o1) !== 0 && (dirname(folder) === folder || mayEnter(dirname(folder)));

/** As in /tmp, another account may make and remove files of its own there. */
const mayUse = (folder: string): boolean => (statSync(folder).mode & 0o2) !== 0 && mayEnter(folder);

/** Names are short: the path of a socket has room for about a hundred characters. */
function makeHome(): { readonly home: string; readonly account: Account | undefined } {
  const home = mkdtempSync(join(tmpdir(), "headgate-"));
  const account = accountFor(home);
  if (account === undefined || mayUse(tmpdir())) return { home, account };
  rmSync(home, { recursive: true });
  return { home: mkdtempSync("/tmp/headgate-"), account };
}

/** Another account may not be able to read a checkout in root's home, so it gets a copy of the programs. */
function readableBin({ bin }: Binaries, home: string, { uid, gid }: Account): string {
  if (mayEnter(bin)) return bin;
  const copy = join(home, "native");
  cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  for (const name of [".", ...readdirSync(copy, { recursive: true, encoding: "utf8" })])
    lchownSync(join(copy, name), uid, gid);
  return join(copy, "bin");
}

const connectionTo = (home: string): Connection => ({
  host: home,
  port: 5432,
  database: "postgres",
  user: "postgres",
  password: undefined,
  tls: { mode: "disable", caFile: undefined, certFile: undefined, keyFile: undefined },
  options: undefined,
});

async function answers(connection: Connection): Promise<boolean> {
  try {
    const client = await connect(connection, { applicationName: "headgate:throwaway", timeoutMs: 5_000 });
    await client.close();
    return true;
  } catch {
    return false;
  }
}

async function untilItAnswers(home: string, origin: string, signal: AbortSignal): Promise<void> {
  const end = elapsed() + START_MS;
  while (!(await answers(connectionTo(home)))) {
    await sleep(50, signal);
    const log = readTextIfThere(join(home, "log")) ?? "";
    if (elapsed() < end && !/FATAL:(?!.*starting up)/.test(log)) continue;
    throw new HeadgateError("no-throwaway-database", {
      what: `the PostgreSQL of ${origin} does not start`,
      details: log.trimEnd().split("\n").slice(-8),
      fix: `mend what it says; or ${ANOTHER_SERVER}`,
      stands: "nothing was changed",
    });
  }
}

async function end(keeper: ChildProcess): Promise<void> {
  if (keeper.pid === undefined || keeper.exitCode !== null || keeper.signalCode !== null) return;
  const ended = once(keeper, "exit");
  keeper.stdin?.end();
  await ended;
}

/**
 * Starts a PostgreSQL on a Unix socket in a temporary folder, from the npm package or from the machine's own programs, found
 * by `path`. However Headgate ends, it ends too and leaves nothing. Rejects with `no-throwaway-database`.
 */
export async function startThrowawayServer(path: string | undefined, signal: AbortSignal): Promise<ThrowawayServer> {
  const binaries = findBinaries(path);
  const { home, account } = makeHome();
  const bin = account === undefined ? binaries.bin : readableBin(binaries, home, account);
  if (account !== undefined) chownSync(home, account.uid, account.gid);
  const keeper = spawn("/bin/sh", ["-c", KEEPER, "sh", bin, home], {
    // Of a session of its own: Ctrl-C at the terminal is for Headgate, which ends it.
    ...{ stdio: ["pipe", "ignore", "ignore"], detached: true, cwd: "/", ...account },
    env: { PATH: `${path ?? ""}:/usr/bin:/bin`, LC_ALL: "C" },
  });
  const stop = async () => {
    await end(keeper);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await once(keeper, "spawn").catch((cause: unknown) => {
      throw new HeadgateError("no-throwaway-database", {
        what: `/bin/sh, which minds a throwaway PostgreSQL, does not start: ${reasonOf(cause)}`,
        ...{ fix: ANOTHER_SERVER, stands: "nothing was changed", cause },
      });
    });
    await untilItAnswers(home, binaries.origin, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return { connection: connectionTo(home), origin: binaries.origin, stop };
}
