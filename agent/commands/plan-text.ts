import type { TableSize } from "../postgres/table-size.ts";
import type { LockMode } from "../rules/locks.ts";
import type { MigrationForecast, StatementForecast } from "../stages/forecast.ts";

/** What running clients notice while the lock is held. */
const FELT: Readonly<Record<LockMode, string>> = {
  "ACCESS SHARE": "nobody waits",
  "ROW SHARE": "nobody waits",
  "ROW EXCLUSIVE": "nobody waits, but for the same rows",
  "SHARE UPDATE EXCLUSIVE": "reads and writes go on",
  SHARE: "writes wait",
  "SHARE ROW EXCLUSIVE": "writes wait",
  EXCLUSIVE: "writes wait",
  "ACCESS EXCLUSIVE": "reads and writes wait",
};

const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

function inUnits(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(1_024)));
  return `${Math.round(bytes / 1_024 ** step)} ${UNITS[step]}`;
}

/** `about 200,000 rows, 25 MB`. */
export const sizeText = ({ rows, bytes }: TableSize): string =>
  rows === null
    ? `never analyzed, ${inUnits(bytes)} at least`
    : `about ${Math.round(rows).toLocaleString("en-US")} rows, ${inUnits(bytes)}`;

export const REWRITES = (rewrites: boolean | null): string => {
  if (rewrites === null) return "may be rewritten";
  return rewrites ? "is rewritten" : "";
};

/** Lock, table, size, and what clients feel, in one line; empty when no table is locked. */
export function costText({ lock, table, size, rewrites }: StatementForecast): string {
  if (lock === null) return "";
  const where = table === null ? "" : ` on ${table}${size === undefined ? "" : ` (${sizeText(size)})`}`;
  const written = REWRITES(rewrites);
  return `${lock}${where}: ${FELT[lock]}${written === "" ? "" : `; the table ${written}`}`;
}

/** `expand, reversible`: what matters of a migration as a whole. */
export const notesOf = ({ transaction, phase, downKind }: MigrationForecast): string[] => [
  phase === "unknown" ? "phase unknown" : phase,
  ...(transaction ? [] : ["no transaction"]),
  downKind === "stored" ? "reversible" : "no way back",
];

function describe(migration: MigrationForecast): string {
  const head = `${migration.name}  (${notesOf(migration).join(", ")})`;
  if (migration.statements === undefined) return `${head}\n  ${migration.opaque}`;
  const lines = migration.statements.flatMap((statement) => [
    ...statement.sql.split("\n").map((line) => `  ${line}`),
    ...(statement.lock === null ? [] : [`    lock: ${costText(statement)}`]),
    ...statement.findings.map(({ rule, risk, danger, instead }) => `    ${rule} ${risk}: ${danger}; ${instead}`),
  ]);
  return [head, ...lines].join("\n");
}

export const planText = (migrations: readonly MigrationForecast[]): string =>
  migrations.length === 0 ? "" : `${migrations.map(describe).join("\n\n")}\n`;
