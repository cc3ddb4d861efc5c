import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./peer.ts";

/** Each migration makes a table and an index, or asks for a constant: what is applied already need not be dear to prepare. */
export type Kind = "table" | "constant";

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly migrations: number;
  /** All of them are applied before the clock starts. */
  readonly applied: boolean;
  /** They are applied in each of so many schemas. */
  readonly schemas?: number;
  /** Between the client and the server stands a proxy that holds each chunk for so long, each way. */
  readonly holdMs?: number;
  /** Only these peers; else all that can. */
  readonly peers?: readonly string[];
  /** A row too long for many rounds. */
  readonly mostRounds?: number;
}

const pending = (id: string, title: string, migrations: number): Row => ({ id, title, migrations, applied: false });
const noop = (id: string, title: string, migrations: number): Row => ({ id, title, migrations, applied: true });

export const rows: readonly Row[] = [
  pending("1", "1 pending", 1),
  pending("100", "100 pending", 100),
  pending("1000", "1,000 pending", 1_000),
  { ...pending("delayed", "1,000 pending at +2 ms", 1_000), holdMs: 1 },
  {
    ...pending("5000", "5,000 pending", 5_000),
    peers: ["headgate", "node-pg-migrate", "psql"],
    mostRounds: 1,
  },
  noop("startup", "start-up: no-op over 1", 1),
  noop("noop", "no-op over 1,000", 1_000),
  noop("noop5000", "no-op over 5,000", 5_000),
  { ...noop("schemas", "no-op over 300 schemas", 20), schemas: 300 },
];

export const kindOf = (row: Row): Kind => (row.applied ? "constant" : "table");

/** Whether a peer takes part in a row: a no-op needs a history of its own. */
export const takesPart = (peer: Peer, row: Row): boolean =>
  (row.peers?.includes(peer.name) ?? true) &&
  (!row.applied || peer.appliedSql !== undefined) &&
  (row.holdMs !== undefined || peer.pastProxy !== true) &&
  (row.schemas === undefined || peer.overSchemas !== undefined);

export const schemasOf = ({ schemas = 0 }: Row): string[] =>
  Array.from({ length: schemas }, (_, at) => `tenant_${at + 1}`);

/** The same migrations in the forms that the peers read. */
export interface Files {
  /** Folder of single-file SQL migrations. */
  readonly dir: string;
  readonly dbmateDir: string;
  readonly gooseDir: string;
  /** One file, a transaction round each migration. */
  readonly script: string;
}

const sqlOf: Readonly<Record<Kind, (number: number) => string>> = {
  table: (number) =>
    `CREATE TABLE t_${number} (id bigint primary key, a text, b timestamptz);\nCREATE INDEX t_${number}_a ON t_${number} (a);\n`,
  // About as long as the other, so that reading the files costs the same.
  constant: (number) =>
    `SELECT ${number} AS a_number, 'a text as long as the statements of a small table' AS a_text;\n`,
};

/** Counts what a run has made. */
export const countSql = "SELECT count(*)::int AS tables FROM pg_class WHERE relkind = 'r' AND relname ~ '^t_[0-9]+$'";

export function writeFiles(home: string, kind: Kind, migrations: number): Files {
  const base = join(home, `${kind}-${migrations}`);
  const files: Files = {
    dir: join(base, "plain"),
    dbmateDir: join(base, "dbmate"),
    gooseDir: join(base, "goose"),
    script: join(base, "all.sql"),
  };
  const forms = [
    { dir: files.dir, up: "", down: "" },
    // It refuses a file without a down part.
    { dir: files.dbmateDir, up: "-- migrate:up\n", down: "-- migrate:down\n" },
    { dir: files.gooseDir, up: "-- +goose Up\n", down: "" },
  ];
  const texts = Array.from({ length: migrations }, (_, index) => sqlOf[kind](index + 1));
  for (const { dir, up, down } of forms) {
    mkdirSync(dir, { recursive: true });
    for (const [at, text] of texts.entries()) {
      writeFileSync(join(dir, `${170_000_000_001 + at}_table.sql`), `${up}${text}${down}`);
    }
  }
  writeFileSync(files.script, texts.map((text) => `BEGIN;\n${text}COMMIT;\n`).join(""));
  return files;
}
