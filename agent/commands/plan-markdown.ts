import { count } from "../lib/count.ts";
import type { MigrationForecast, StatementForecast } from "../stages/forecast.ts";
import { costText, notesOf } from "./plan-text.ts";

/** Text that means nothing but itself, whatever is in it: names come from files and databases. */
export const plainMarkdown = (text: string): string =>
  text.replace(/[^\p{L}\p{N} .,:;()/%-]/gu, (character) => `&#${character.codePointAt(0)};`);

/** A fence longer than every run of backticks inside. */
function fenced(sql: string): string {
  const longest = Math.max(2, ...[...sql.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}sql\n${sql}\n${fence}`;
}

const statementText = (statement: StatementForecast): string =>
  [
    fenced(statement.sql),
    ...(statement.lock === null ? [] : [`- ${plainMarkdown(costText(statement))}`]),
    ...statement.findings.map(
      ({ rule, risk, danger, instead }) => `- **${rule} ${risk}**: ${plainMarkdown(danger)}; ${plainMarkdown(instead)}`,
    ),
  ].join("\n");

function describe(migration: MigrationForecast): string {
  const head = `### ${plainMarkdown(migration.name)} (${notesOf(migration).join(", ")})`;
  if (migration.statements === undefined) return `${head}\n\n${plainMarkdown(migration.opaque ?? "")}`;
  return [head, ...migration.statements.map(statementText)].join("\n\n");
}

/** For a comment on a pull request. */
export const planMarkdown = (migrations: readonly MigrationForecast[], hash: string): string =>
  migrations.length === 0
    ? "Headgate: no migration is pending.\n"
    : `## Headgate: ${count(migrations.length, "pending migration")}\n\n${migrations.map(describe).join("\n\n")}\n\nPlan ${hash}\n`;
