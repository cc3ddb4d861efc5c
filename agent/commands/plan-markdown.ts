import { count } from "../lib/count.ts";
import { fencedMarkdown, plainMarkdown } from "../lib/plain.ts";
import type { MigrationForecast, StatementForecast } from "../stages/forecast.ts";
import type { TracedMigration } from "../stages/trace.ts";
import type { Traced } from "../stages/trace-statements.ts";
import { agreementText, costText, notesOf, otherLocks, ranText, riskOf, weightOf } from "./plan-words.ts";

const ran = (traced: Traced | undefined): string[] =>
  traced === undefined
    ? []
    : [`in a copy: ${ranText(traced)}`, ...(traced.notes ?? [])].map((line) => `- ${plainMarkdown(line)}`);

const statementText = (statement: StatementForecast, traced: Traced | undefined): string => {
  const cost = costText(statement);
  return [
    fencedMarkdown(statement.sql, "sql"),
    ...(cost === "" ? [] : [`- ${plainMarkdown(cost)}`]),
    ...otherLocks(statement).map((line) => `- ${plainMarkdown(line)}`),
    ...ran(traced),
    ...statement.findings.map((finding) => {
      const { rule, danger, instead, accepted } = finding;
      const text = accepted === undefined ? `${danger}; ${instead}` : danger;
      return `- **${rule} ${plainMarkdown(weightOf(finding))}**: ${plainMarkdown(text)}`;
    }),
  ].join("\n");
};

function describe(migration: MigrationForecast, traced: TracedMigration | undefined): string {
  const head = `### ${plainMarkdown(migration.name)} (${notesOf(migration).join(", ")})`;
  const { statements } = migration;
  if (statements === undefined)
    return [head, plainMarkdown(migration.opaque ?? ""), ...ran(traced?.statements[0])].join("\n\n");
  const done = statements.length - (traced?.statements.length ?? 0);
  return [head, ...statements.map((one, at) => statementText(one, traced?.statements[at - done]))].join("\n\n");
}

const row = (migration: MigrationForecast): string => {
  const [phase = "", ...rest] = notesOf(migration);
  return `| ${[migration.name, phase, rest.join(", "), riskOf(migration)].map(plainMarkdown).join(" | ")} |`;
};

/** For a comment on a pull request. */
export function planMarkdown(
  migrations: readonly MigrationForecast[],
  hash: string,
  traced: readonly TracedMigration[] | undefined,
): string {
  if (migrations.length === 0) return "Headgate: no migration is pending.\n";
  const end =
    traced === undefined
      ? ""
      : `\n\nTried in a copy: ${plainMarkdown(agreementText(traced.flatMap(({ statements }) => statements)))}.`;
  return [
    `## Headgate: ${count(migrations.length, "pending migration")}`,
    `| migration | phase | way back | risk |\n| --- | --- | --- | --- |\n${migrations.map(row).join("\n")}`,
    ...migrations.map((one) =>
      describe(
        one,
        traced?.find(({ name }) => name === one.name),
      ),
    ),
    `Plan ${hash}${end}\n`,
  ].join("\n\n");
}
