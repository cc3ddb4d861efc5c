import { spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import type { Files } from "./scenarios.ts";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Task extends Files {
  readonly url: string;
}

export interface Peer {
  readonly name: string;
  /** Has a no-op row: it keeps a history, and no other peer does the same there. */
  readonly noop: boolean;
  readonly command: (task: Task) => Command;
  /** What its users do once for a folder of files, before any release. */
  readonly prepare?: (dir: string) => void;
}

export interface Peers {
  readonly measured: readonly Peer[];
  readonly versions: readonly string[];
  readonly footnotes: readonly string[];
}

/** Headgate as the image runs it: the bundle, with a compile cache that an earlier run has filled. */
const headgate = (main: string, cache: string): Peer => ({
  name: "headgate",
  noop: true,
  command: ({ dir, url }) => ({
    program: process.execPath,
    args: [main, "migrate", "--dir", dir],
    env: { DATABASE_URL: url, NODE_ENV: "production", NODE_COMPILE_CACHE: cache, NODE_COMPILE_CACHE_PORTABLE: "1" },
  }),
  prepare(dir) {
    const { status, stderr } = spawnSync(process.execPath, [main, "compile", "--dir", dir], { encoding: "utf8" });
    if (status !== 0) throw new Error(`headgate compile ended with ${status}: ${stderr}`);
  },
});

const nodePgMigrate = (cli: string, perTransaction: boolean): Peer => ({
  name: perTransaction ? "node-pg-migrate/per-tx" : "node-pg-migrate",
  noop: !perTransaction,
  command: ({ dir, url }) => ({
    program: process.execPath,
    args: [cli, "up", "--migrations-dir", dir, ...(perTransaction ? ["--no-single-transaction"] : [])],
    env: { DATABASE_URL: url },
  }),
});

const psql = (program: string): Peer => ({
  name: "psql",
  noop: false,
  command: ({ script, url }) => ({
    program,
    args: ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", script],
    env: {},
  }),
});

const FOOTNOTES = [
  "headgate: the bundle with its compile cache, and a folder that `headgate compile` has seen, as in an image.",
  "node-pg-migrate: its own command line, one transaction for everything; /per-tx: --no-single-transaction; no-op the same.",
];

interface FoundPsql {
  readonly version: string | undefined;
  readonly footnote: string;
}

/** On Debian the PATH's psql is a Perl script, whose start is longer than psql's own. */
function isWrapper(program: string): boolean {
  const candidates = program.includes("/")
    ? [program]
    : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, program));
  return candidates.some((path) => {
    try {
      return realpathSync(path).endsWith("/pg_wrapper");
    } catch {
      return false;
    }
  });
}

function findPsql(program: string): FoundPsql {
  const { status, stdout } = spawnSync(program, ["--version"], { encoding: "utf8", timeout: 10_000 });
  if (status !== 0) return { version: undefined, footnote: `psql: no ${program} here, so it was not measured.` };
  const wrapped = isWrapper(program) ? " Here it is Debian's wrapper script: --psql names the program itself." : "";
  const version = /\d[\d.]*/.exec(stdout)?.[0] ?? "?";
  return {
    version,
    footnote: `psql: one file, a transaction a migration; it keeps no history, so no no-op.${wrapped}`,
  };
}

/** Who is measured here; Headgate is the first. `bundle` is the folder of its main.js, `cache` one for its compile cache. */
export function findPeers(bundle: string, cache: string, psqlProgram: string): Peers {
  const manifest = createRequire(import.meta.url).resolve("node-pg-migrate/package.json");
  const cli = join(dirname(manifest), "bin", "node-pg-migrate.js");
  const found = findPsql(psqlProgram);
  return {
    measured: [
      headgate(join(bundle, "main.js"), cache),
      nodePgMigrate(cli, false),
      nodePgMigrate(cli, true),
      ...(found.version === undefined ? [] : [psql(psqlProgram)]),
    ],
    versions: found.version === undefined ? [] : [`psql ${found.version}`],
    footnotes: [...FOOTNOTES, found.footnote],
  };
}
