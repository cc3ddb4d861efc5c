import { formatDuration } from "../lib/duration.ts";
import { namesText } from "../lib/names.ts";
import { fencedMarkdown, plainMarkdown } from "../lib/plain.ts";
import type { Account } from "./account.ts";
import { backupText, changedText, changeWord, factsOf, headline, momentText, nextSteps, outcomeWord } from "./words.ts";

/** What a comment on a pull request, or the summary of a CI job, still shows. */
const ROWS = 100;
const DETAILS = 60;

type Rows = readonly (readonly string[])[];

function table(title: string, head: readonly string[], rows: Rows): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const body = rows.slice(0, ROWS).map((row) => line(row.map(plainMarkdown)));
  const more = rows.length > ROWS ? [`\n${rows.length - ROWS} more are not shown.`] : [];
  return [`### ${title}`, [line(head), line(head.map(() => "---")), ...body, ...more].join("\n")];
}

function facts({ run, report, startedAt, durationMs, exitCode, release, by }: Account): string {
  return [
    ...(run === undefined ? [] : [`run ${run}`]),
    ...(report.database === undefined ? [] : [`database ${report.database}`]),
    ...(release === undefined ? [] : [`release ${release.name}, revision ${release.revision}`]),
    ...(by === undefined ? [] : [`by ${by}`]),
    ...(startedAt === "" ? [] : [momentText(startedAt)]),
    ...(durationMs === undefined ? [] : [`took ${formatDuration(durationMs)}`]),
    ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
  ]
    .map(plainMarkdown)
    .join(" · ");
}

function errorBlock({ report: { error } }: Account): string[] {
  if (error === undefined) return [];
  const details = error.details.slice(0, DETAILS).join("\n");
  return [
    `**${plainMarkdown(error.what)}**`,
    ...(details === "" ? [] : [fencedMarkdown(details)]),
    `What stands: ${plainMarkdown(error.stands)}`,
  ];
}

/** For a comment on a pull request, or the summary of a CI job. */
export function markdownReport(account: Account): string {
  const { report, migrations, outcome, notes } = account;
  const { stages, expectations = [], schema = [], risks, backup, notReached, fleet } = report;
  return `${[
    `## Headgate: ${plainMarkdown(headline(account))}`,
    [
      outcomeWord[outcome],
      ...(outcome === "done" || migrations.length === 0 ? [] : [changedText(migrations)]),
      facts(account),
    ].join(" · "),
    ...errorBlock(account),
    ...nextSteps(account).map((step, at) => {
      const title = at === 0 ? "What to do first" : "Then";
      return step.includes("\n") ? `${title}:\n\n${fencedMarkdown(step)}` : `${title}: ${plainMarkdown(step)}`;
    }),
    ...table(
      "Migrations",
      ["migration", "took", "how", "strongest lock"],
      migrations.map((one) => {
        const [lock] = one.locks ?? [];
        return [
          one.name,
          formatDuration(one.durationMs),
          factsOf(one).join(", "),
          lock === undefined ? "" : `${lock.lock} on ${lock.table}`,
        ];
      }),
    ),
    ...(notReached.length === 0 ? [] : [`Not reached: ${plainMarkdown(namesText(notReached))}`]),
    ...table(
      "Schemas that failed",
      ["schema", "error", "exit code"],
      (fleet?.failed ?? []).map((one) => [one.schema, one.error, String(one.exitCode)]),
    ),
    ...table(
      "Stages",
      ["stage", "status", "took", "what"],
      stages.map((one) => [one.name, one.status, formatDuration(one.durationMs), one.summary]),
    ),
    ...table(
      "Expectations",
      ["expectation", "met", "why not"],
      expectations.map((one) => [one.what, one.met ? "yes" : "no", one.reason ?? ""]),
    ),
    ...table(
      "What changed in the schema",
      ["object", "how"],
      schema.map((one) => [one.object, changeWord[one.kind]]),
    ),
    ...table(
      "Found changed by other hands",
      ["object", "how"],
      (report.drift ?? []).map((one) => [one.object, changeWord[one.kind]]),
    ),
    ...(backup === undefined ? [] : [plainMarkdown(backupText(backup))]),
    ...table(
      "Risks taken",
      ["rule", "risk", "migration", "danger", "accepted because"],
      risks.map((one) => [one.rule, one.risk, one.migration, one.danger, one.accepted ?? ""]),
    ),
    ...notes.map((note) => `*${plainMarkdown(note)}*`),
  ].join("\n\n")}\n`;
}
