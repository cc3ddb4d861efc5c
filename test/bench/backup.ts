import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { createDatabase, type Database } from "../support/database.ts";
import { type Server, startServer } from "../support/embedded-postgres.ts";
import { AGENT } from "../support/headgate.ts";
import { installedPostgres } from "../support/installed-postgres.ts";

const HELP = `npm run bench:backup -- [options]

Times headgate backup, which proves what it stores, against pg_dump -Fc -Z0 | zstd -3, and against pg_dump -Fc -Z1, which proves
nothing either, in turns, on a database of its own; and says how much memory the agent holds over the time. A client that is
older than 16, or built without zstd, compresses by gzip: then the second is the like one.

  --gb N         size of the database (default 2)
  --pairs N      (default 3)
  --clients DIR  pg_dump and pg_restore of another version than the installed one
  --server DIR   and postgres and initdb
  --help         this text
`;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Text that compresses about as rows of an application do. */
async function fill(database: Database, bytes: number): Promise<void> {
  await database.sql("CREATE TABLE orders (id bigint, placed timestamptz, customer int, state text, note text)");
  for (let size = 0; size < bytes; ) {
    await database.sql(`INSERT INTO orders SELECT n, now() - n * interval '1 s', n % 10007, (ARRAY['new', 'paid', 'sent'])[1 + n % 3],
      'order ' || n || ' of customer ' || n % 10007 || ': ' || md5(n::text) || repeat(' as agreed', 6) FROM generate_series(1, 400000) AS n`);
    const [row] = await database.sql<{ size: string }>("SELECT pg_database_size(current_database()) AS size");
    size = Number(row?.size);
  }
  await database.sql("CHECKPOINT");
}

function residentMb(pid: number): number | undefined {
  try {
    const [, kb] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kb === undefined ? undefined : Math.round(Number(kb) / 1024);
  } catch {
    return undefined;
  }
}

interface Timed {
  readonly seconds: number;
  /** MiB, four times a second. */
  readonly memory: readonly number[];
}

async function timed(start: () => ChildProcess): Promise<Timed> {
  const began = performance.now();
  const child = start();
  const memory: number[] = [];
  const timer = setInterval(() => {
    const now = residentMb(child.pid ?? 0);
    if (now !== undefined) memory.push(now);
  }, 250);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${child.spawnargs.join(" ")} ended with ${code}`);
  return { seconds: (performance.now() - began) / 1_000, memory };
}

interface Lab {
  readonly database: Database;
  readonly env: Record<string, string>;
  readonly home: string;
}

const ours = ({ env, home }: Lab) =>
  timed(() => spawn(process.execPath, [AGENT, "backup"], { cwd: home, env, stdio: ["ignore", "ignore", "inherit"] }));

const shell =
  (script: string) =>
  ({ env, home, database }: Lab): Promise<Timed> =>
    timed(() =>
      spawn("bash", ["-o", "pipefail", "-c", script, database.url], {
        ...{ cwd: home, env, stdio: ["ignore", "ignore", "inherit"] },
      }),
    );

const peers = {
  zstd: shell(`pg_dump -Fc -Z0 "$0" | zstd -q -3 > peer.out`),
  gzip: shell(`pg_dump -Fc -Z1 "$0" > peer.out`),
} as const;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const inMb = (path: string): number => Math.round(statSync(path).size / 2 ** 20);

function describe({ home }: Lab, { seconds, memory }: Timed): string[] {
  const some = memory.filter((_, index) => index % Math.ceil(memory.length / 12) === 0);
  const folder = join(home, "backups");
  const [dump = ""] = readdirSync(folder).filter((name) => name.endsWith(".dump"));
  return [
    `headgate: ${seconds.toFixed(1)} s, ${inMb(join(folder, dump))} MiB stored, load ${loadavg()[0]?.toFixed(1)}`,
    `  resident, MiB, over the time: ${some.join(" ")}; most ${Math.max(...memory)}`,
  ];
}

async function runRound(lab: Lab, backwards: boolean): Promise<Record<string, number>> {
  const seconds: Record<string, number> = {};
  const turns = ["headgate", "zstd", "gzip"] as const;
  for (const turn of backwards ? turns.toReversed() : turns) {
    const result = turn === "headgate" ? await ours(lab) : await peers[turn](lab);
    seconds[turn] = result.seconds;
    if (turn !== "headgate") say(`${turn}: ${result.seconds.toFixed(1)} s, ${inMb(join(lab.home, "peer.out"))} MiB`);
    else for (const line of describe(lab, result)) say(line);
    rmSync(join(lab.home, "backups"), { recursive: true });
    mkdirSync(join(lab.home, "backups"));
  }
  return seconds;
}

async function runPairs(lab: Lab, pairs: number): Promise<void> {
  const rounds: Record<string, number>[] = [];
  for (let at = 0; at < pairs; at += 1) rounds.push(await runRound(lab, at % 2 === 1));
  for (const peer of Object.keys(peers))
    say(`of the time of ${peer}: ${median(rounds.map((one) => (one.headgate ?? 0) / (one[peer] ?? 0))).toFixed(2)}`);
}

interface Folders {
  readonly clients: string;
  readonly server: string;
}

interface Size {
  readonly gb: number;
  readonly pairs: number;
}

async function bench({ gb, pairs }: Size, { clients, server: programs }: Folders): Promise<void> {
  process.env.HEADGATE_TEST_POSTGRES_BIN = programs;
  const home = mkdtempSync(join(tmpdir(), "headgate-bench-"));
  const server: Server = await startServer({
    settings: ["fsync = off", "max_wal_size = 4GB", "shared_buffers = 512MB"],
  });
  try {
    const database = await createDatabase(server.url());
    await fill(database, gb * 2 ** 30);
    mkdirSync(join(home, "backups"));
    const env = { DATABASE_URL: database.url, PATH: `${clients}${delimiter}${process.env.PATH}`, HOME: home };
    await runPairs({ database, env, home }, pairs);
  } finally {
    await server.remove();
    rmSync(home, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: {
    gb: { type: "string", default: "2" },
    pairs: { type: "string", default: "3" },
    clients: { type: "string" },
    server: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) say(HELP);
else {
  const { clients = installedPostgres(), server = installedPostgres() } = values;
  await bench({ gb: Number(values.gb), pairs: Number(values.pairs) }, { clients, server });
}
