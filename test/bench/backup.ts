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

Times headgate backup, which proves what it stores, against pg_dump -Fc -Z0 | zstd -3, in turns, on a database of one's own,
and says how much memory the agent holds over the time. With a client older than 16 Headgate compresses by gzip.

  --gb N      size of the database (default 2)
  --pairs N   (default 3)
  --help      this text
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

const peer = ({ env, home, database }: Lab) =>
  timed(() =>
    spawn("bash", ["-o", "pipefail", "-c", `pg_dump -Fc -Z0 "$0" | zstd -q -3 > peer.zst`, database.url], {
      ...{ cwd: home, env, stdio: ["ignore", "ignore", "inherit"] },
    }),
  );

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function runPairs(lab: Lab, pairs: number): Promise<void> {
  const ratios: number[] = [];
  for (let at = 1; at <= pairs; at += 1) {
    const turns = at % 2 === 1 ? [ours, peer] : [peer, ours];
    const results = new Map<unknown, Timed>();
    for (const turn of turns) results.set(turn, await turn(lab));
    const [own, other] = [results.get(ours), results.get(peer)];
    if (own === undefined || other === undefined) continue;
    ratios.push(own.seconds / other.seconds);
    const quarter = own.memory.filter((_, index) => index % Math.ceil(own.memory.length / 12) === 0);
    say(`pair ${at}: headgate ${own.seconds.toFixed(1)} s, peer ${other.seconds.toFixed(1)} s, ratio ${(own.seconds / other.seconds).toFixed(2)}, load ${loadavg()[0]?.toFixed(1)}`);
    say(`  resident, MiB, over the time: ${quarter.join(" ")}; most ${Math.max(...own.memory)}`);
    const stored = readdirSync(join(lab.home, "backups")).filter((name) => name.endsWith(".dump"));
    say(`  stored: ${stored.map((name) => Math.round(statSync(join(lab.home, "backups", name)).size / 2 ** 20)).at(-1)} MiB, peer ${Math.round(statSync(join(lab.home, "peer.zst")).size / 2 ** 20)} MiB`);
    rmSync(join(lab.home, "backups"), { recursive: true });
    mkdirSync(join(lab.home, "backups"));
  }
  say(`median ratio ${median(ratios).toFixed(2)} (aim: at most 1.15)`);
}

async function bench(gb: number, pairs: number): Promise<void> {
  const bin = installedPostgres();
  process.env.HEADGATE_TEST_POSTGRES_BIN = bin;
  const home = mkdtempSync(join(tmpdir(), "headgate-bench-"));
  const server: Server = await startServer({ settings: ["fsync = off", "max_wal_size = 4GB", "shared_buffers = 512MB"] });
  try {
    const database = await createDatabase(server.url());
    await fill(database, gb * 2 ** 30);
    mkdirSync(join(home, "backups"));
    const env = { DATABASE_URL: database.url, PATH: `${bin}${delimiter}${process.env.PATH}`, HOME: home };
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
    help: { type: "boolean", default: false },
  },
});
if (values.help) say(HELP);
else await bench(Number(values.gb), Number(values.pairs));
