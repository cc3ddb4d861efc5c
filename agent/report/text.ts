import { formatDuration } from "../lib/duration.ts";
import { namesText } from "../lib/names.ts";
import { plainTerminal } from "../lib/plain.ts";
import type { Account, MigrationAccount } from "./account.ts";
import type { SchemaChange } from "./report.ts";
import { backupText, changedText, changeWord, factsOf, headline, momentText, nextSteps } from "./words.ts";

/** Lines of one list in a terminal. */
const SHOWN = 200;

const indented = (text: string): string => `  ${text.replaceAll("\n", "\n  ")}`;

function listed<T>(title: string, items: readonly T[], line: (item: T) => string): string[] {
  if (items.length === 0) return [];
  const more = items.length > SHOWN ? [`and ${items.length - SHOWN} more`] : [];
  return ["", title, ...[...items.slice(0, SHOWN).map(line), ...more].map(indented)];
}

function migrationText(one: MigrationAccount): string {
  const locks = (one.locks ?? []).slice(0, 5).map(({ table, lock }) => `\n  ${lock} on ${table}`);
  return `${one.name}  ${[formatDuration(one.durationMs), ...factsOf(one)].join(", ")}${locks.join("")}`;
}

const releaseText = ({ release, by }: Account): string[] => [
  ...(release === undefined ? [] : [`release ${release.name}, revision ${release.revision}, in ${release.namespace}`]),
  ...(by === undefined ? [] : [`by ${by}`]),
];

function head(account: Account): string[] {
  const { run, report, outcome, exitCode, durationMs, startedAt, notes, migrations } = account;
  const facts = [
    run === undefined ? "no run of its own" : `run ${run}`,
    ...(report.database === undefined ? [] : [`database ${report.database}`]),
    ...(startedAt === "" ? [] : [momentText(startedAt)]),
    ...releaseText(account),
  ];
  const ended = [
    outcome === "running" ? "not ended" : outcome,
    ...(outcome === "done" || migrations.length === 0 ? [] : [changedText(migrations)]),
    ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
    ...(durationMs === undefined ? [] : [`after ${formatDuration(durationMs)}`]),
  ];
  return [headline(account), indented(facts.join(", ")), indented(ended.join(", ")), ...notes.map(indented)];
}

function errorText({ report: { error } }: Account): string[] {
  if (error === undefined) return [];
  return [
    "",
    `${error.id}: ${error.what}`,
    ...error.details.slice(0, SHOWN).map(indented),
    indented(`What stands: ${error.stands}`),
  ];
}

const changeText = ({ object, kind }: SchemaChange): string => `${changeWord[kind]} ${object}`;

/** For a terminal. */
export function textReport(account: Account): string {
  const { report, migrations } = account;
  const { stages, risks, schema = [], drift = [], expectations = [], backup, notReached, fleet } = report;
  const lines = [
    ...head(account),
    ...errorText(account),
    "",
    ...nextSteps(account).map((step) => `next: ${step}`),
    ...listed(
      "stages",
      stages,
      ({ name, status, durationMs, summary }) =>
        `${name.padEnd(9)} ${status}, ${formatDuration(durationMs)}${summary === "" ? "" : `: ${summary}`}`,
    ),
    ...listed("migrations", migrations, migrationText),
    ...(notReached.length === 0 ? [] : ["", `not reached: ${namesText(notReached)}`]),
    ...(fleet === undefined
      ? []
      : listed("schemas that failed", fleet.failed, (one) => `${one.schema}: ${one.error}, exit code ${one.exitCode}`)),
    ...listed("changes of the schema", schema, changeText),
    ...listed(
      "expectations",
      expectations,
      ({ what, met, reason }) => `${met ? "met" : "NOT MET"}  ${what}${reason === undefined ? "" : `: ${reason}`}`,
    ),
    ...(backup === undefined ? [] : ["", backupText(backup)]),
    ...listed("found changed by other hands", drift, changeText),
    ...listed("risks taken", risks, ({ rule, risk, migration, danger }) => `${rule} ${risk}, ${migration}: ${danger}`),
  ];
  return `${plainTerminal(lines.join("\n"))}\n`;
}
