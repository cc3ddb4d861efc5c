import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly migrations: number;
  /** All of them are applied before the clock starts. */
  readonly applied: boolean;
}

export const rows: readonly Row[] = [
  { id: "1", title: "1 pending", migrations: 1, applied: false },
  { id: "100", title: "100 pending", migrations: 100, applied: false },
  { id: "1000", title: "1,000 pending", migrations: 1_000, applied: false },
  { id: "noop", title: "no-op over 1,000", migrations: 1_000, applied: true },
];

/** The same migrations in the two forms that the peers read. */
export interface Files {
  /** Folder of single-file SQL migrations. */
  readonly dir: string;
  /** One file, a transaction round each migration. */
  readonly script: string;
}

const sqlOf = (number: number): string =>
  `CREATE TABLE t_${number} (id bigint primary key, a text, b timestamptz);\nCREATE INDEX t_${number}_a ON t_${number} (a);\n`;

/** Counts what a run has made. */
export const countSql = "SELECT count(*)::int AS tables FROM pg_class WHERE relkind = 'r' AND relname ~ '^t_[0-9]+$'";

export function writeFiles(home: string, migrations: number): Files {
  const dir = join(home, `migrations-${migrations}`);
  const script = join(home, `${migrations}.sql`);
  const texts = Array.from({ length: migrations }, (_, index) => sqlOf(index + 1));
  mkdirSync(dir, { recursive: true });
  for (const [index, text] of texts.entries()) writeFileSync(join(dir, `${170_000_000_001 + index}_table.sql`), text);
  writeFileSync(script, texts.map((text) => `BEGIN;\n${text}COMMIT;\n`).join(""));
  return { dir, script };
}
