import { plainLine } from "../lib/plain.ts";
import type { MigrationForecast, StatementForecast } from "../stages/forecast.ts";
import type { TracedMigration } from "../stages/trace.ts";
import { agreementText, costText, notesOf, otherLocks, plannedText, ranText, riskOf, weightOf } from "./plan-words.ts";
import { table } from "./table.ts";

const costLines = (statement: StatementForecast): string[] => {
  const cost = costText(statement);
  if (cost === "") return [];
  return [`    lock: ${plainLine(cost)}`, ...otherLocks(statement).map((line) => `    also: ${plainLine(line)}`)];
};

const findingLines = ({ findings }: StatementForecast): string[] =>
  findings.map((finding) => {
    const { rule, danger, instead, accepted } = finding;
    return plainLine(`${rule} ${weightOf(finding)}: ${danger}${accepted === undefined ? `; ${instead}` : ""}`);
  });

function describe(migration: MigrationForecast): string {
  const head = `${plainLine(migration.name)}  (${notesOf(migration).join(", ")})  risk: ${plainLine(riskOf(migration))}`;
  if (migration.statements === undefined) return `${head}\n  ${plainLine(migration.opaque ?? "")}`;
  const lines = migration.statements.flatMap((statement) => [
    ...statement.sql.split("\n").map((line) => `  ${line}`),
    ...costLines(statement),
    ...findingLines(statement).map((line) => `    ${line}`),
  ]);
  return [head, ...lines].join("\n");
}

const HEAD_CHARACTERS = 60;

/** The beginning of a statement, in one line. */
const headOf = (sql: string): string => {
  const line = plainLine(sql);
  return line.length > HEAD_CHARACTERS ? `${line.slice(0, HEAD_CHARACTERS - 1)}…` : line;
};

function tracedRows({ name, statements, whole }: TracedMigration, plan: MigrationForecast | undefined): string[][] {
  if (whole)
    return statements.map((traced) => [
      `  ${plainLine(name)}, as a whole`,
      "not taken apart",
      plainLine(ranText(traced)),
    ]);
  const done = (plan?.statements?.length ?? 0) - statements.length;
  return statements.flatMap((traced, at) => {
    const planned = plan?.statements?.[done + at];
    if (planned === undefined) return [];
    const notes = traced.notes?.map((note) => ["", "", `^ ${plainLine(note)}`]) ?? [];
    return [[`  ${headOf(planned.sql)}`, plainLine(plannedText(planned)), plainLine(ranText(traced))], ...notes];
  });
}

/** One line a statement: what was planned of it, and what it did. */
export function traceText(traced: readonly TracedMigration[], migrations: readonly MigrationForecast[]): string {
  const rows = traced.flatMap((one) =>
    tracedRows(
      one,
      migrations.find(({ name }) => name === one.name),
    ),
  );
  const all = traced.flatMap(({ statements }) => statements);
  return `${table([["  STATEMENT", "PLANNED", "IN THE COPY"], ...rows])}\n\n${agreementText(all)}\n`;
}

export const planText = (migrations: readonly MigrationForecast[]): string =>
  migrations.length === 0 ? "" : `${migrations.map(describe).join("\n\n")}\n`;
