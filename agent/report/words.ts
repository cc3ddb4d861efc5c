import { count } from "../lib/count.ts";
import { namesText } from "../lib/names.ts";
import { proved } from "../lib/proved.ts";
import { inUnits } from "../lib/units.ts";
import type { LockMode } from "../statements/lock-modes.ts";
import type { Account, MigrationAccount } from "./account.ts";
import { type BackupReport, driftCount, type SchemaChange } from "./report.ts";

/** `2026-11-21 19:40:12 UTC`. */
export const momentText = (iso: string): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC` : iso;

const going = (migrations: readonly MigrationAccount[], direction: "up" | "down") =>
  migrations.filter((one) => one.direction === direction);

/** `2 migrations taken back, 3 migrations applied`; empty where nothing was. */
export function changedText(migrations: readonly MigrationAccount[]): string {
  const [down, up] = [going(migrations, "down").length, going(migrations, "up").length];
  return [
    ...(down === 0 ? [] : [`${count(down, "migration")} taken back`]),
    ...(up === 0 ? [] : [`${count(up, "migration")} applied`]),
  ].join(", ");
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** The run in one line. */
export const headline = (account: Account): string => capital(inOneLine(account));

function inOneLine({ outcome, command, migrations, report }: Account): string {
  const changed = changedText(migrations);
  const { stoppedAt, stages } = report;
  if (outcome === "done") return changed || (command === "migrate" ? "Nothing to do" : `${command}: done`);
  if (outcome === "running") return `${command} has not ended`;
  const stage = stages.find((one) => one.status === "failed")?.name;
  const where =
    stoppedAt === undefined ? (stage === undefined || stage === command ? "" : ` in ${stage}`) : ` at ${stoppedAt}`;
  return `${command} ${outcome === "stopped" ? "was stopped" : "failed"}${where}`;
}

/** What a reader does first, the most urgent first. */
export function nextSteps({ outcome, report, command }: Account): string[] {
  const { error, ahead } = report;
  if (error !== undefined) return [error.fix, ...(error.id === "" ? [] : [`headgate explain ${error.id} says more`])];
  if (outcome === "running")
    return ["headgate status shows where the schema stands; the same command, run again, goes on from there"];
  if (outcome !== "done") return ["headgate status shows where the schema stands"];
  if (command === "restore") return ["headgate status shows which migrations are pending again"];
  if (ahead.length > 0)
    return [`Still ahead of these files: ${namesText(ahead)}. headgate revert --dry-run shows what would go back`];
  const drifted = driftCount(report) ?? 0;
  if (drifted > 0 && (command === "migrate" || command === "revert"))
    return [
      `Look at what other hands have changed, below: ${count(drifted, "object")}. From this run on that counts as known`,
    ];
  return ["Nothing: the schema is where this release wants it"];
}

/** What a run has done to an object of the schema. */
export const changeWord: Readonly<Record<SchemaChange["kind"], string>> = {
  added: "added",
  missing: "removed",
  different: "changed",
};

const PROVED = { ...proved, no: "NOT VERIFIED" } as const;

/** The backup in one line. */
export const backupText = ({ name, where, bytes, verified }: BackupReport): string =>
  [`backup ${name} in ${where}`, ...(bytes === undefined ? [] : [inUnits(bytes)]), PROVED[verified]].join(", ");

export const outcomeWord: Readonly<Record<Account["outcome"], string>> = {
  done: "Done",
  failed: "Failed",
  stopped: "Stopped",
  running: "Not ended",
};

/** How a migration ran, in a few words each. */
export function factsOf(one: MigrationAccount): string[] {
  const { statements, transaction, tries, phase, downKind, since } = one;
  return [
    ...(one.direction === "down" ? ["taken back"] : []),
    ...(statements === undefined ? [] : [count(statements, "statement")]),
    ...(transaction === undefined ? [] : [transaction ? "in one transaction" : "without a transaction"]),
    ...(tries === undefined ? [] : [`${tries} tries for its locks`]),
    ...(phase === undefined || phase === "unknown" ? [] : [phase]),
    ...(downKind === undefined || one.direction === "down" ? [] : [WAY_BACK[downKind] ?? downKind]),
    ...(since === undefined ? [] : [since]),
  ];
}

const WAY_BACK: Readonly<Record<string, string>> = {
  stored: "way back stored",
  irreversible: "no way back",
  dynamic: "way back known only while it runs",
  unknown: "way back unknown",
};

/** Modes that make somebody wait, and how much. */
export const weight = (lock: LockMode): "heavy" | "middle" | "light" => {
  if (lock === "ACCESS EXCLUSIVE") return "heavy";
  return ["SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE"].includes(lock) ? "middle" : "light";
};
