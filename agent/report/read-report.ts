import { isRecord } from "../lib/records.ts";
import type { Release } from "../settings/release.ts";
import { LOCK_MODES } from "../statements/lock-modes.ts";
import type { MigrationRecord, Report } from "./report.ts";

type Json = Readonly<Record<string, unknown>>;

const string = (value: unknown): string => (typeof value === "string" ? value : "");
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const number = (value: unknown): number => (isNumber(value) ? value : 0);
const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);
const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
const oneOf = <T extends string>(value: unknown, choices: readonly T[], otherwise: T): T =>
  choices.find((choice) => choice === value) ?? otherwise;

const maybe = {
  string: (value: unknown): string | undefined => (typeof value === "string" ? value : undefined),
  number: (value: unknown): number | undefined => (isNumber(value) ? value : undefined),
  boolean: (value: unknown): boolean | undefined => (typeof value === "boolean" ? value : undefined),
  list: <T>(value: unknown, read: (raw: Json) => T): T[] | undefined =>
    Array.isArray(value) ? records(value).map(read) : undefined,
  record: <T>(value: unknown, read: (raw: Json) => T): T | undefined => (isRecord(value) ? read(value) : undefined),
};

const migration = (raw: Json): MigrationRecord => ({
  name: string(raw.name),
  durationMs: number(raw.durationMs),
  startedMs: maybe.number(raw.startedMs),
  transaction: maybe.boolean(raw.transaction),
  statements: maybe.number(raw.statements),
  tries: maybe.number(raw.tries),
  locks: maybe.list(raw.locks, (one) => ({
    table: string(one.table),
    lock: oneOf(one.lock, LOCK_MODES, "ACCESS EXCLUSIVE"),
  })),
});

const stage = (raw: Json): Report["stages"][number] => ({
  name: string(raw.name),
  status: oneOf(raw.status, ["ok", "failed", "skipped", "not reached"], "not reached"),
  startedMs: maybe.number(raw.startedMs),
  durationMs: number(raw.durationMs),
  summary: string(raw.summary),
});

const risk = (raw: Json): Report["risks"][number] => ({
  migration: string(raw.migration),
  rule: string(raw.rule),
  risk: oneOf(raw.risk, ["low", "medium", "high"], "high"),
  line: maybe.number(raw.line),
  danger: string(raw.danger),
  accepted: maybe.string(raw.accepted),
});

const fleet = (raw: Json): NonNullable<Report["fleet"]> => ({
  listed: number(raw.listed),
  unchanged: number(raw.unchanged),
  done: strings(raw.done),
  failed: records(raw.failed).map((one) => ({
    schema: string(one.schema),
    error: string(one.error),
    exitCode: number(one.exitCode),
  })),
  notReached: strings(raw.notReached),
});

const error = (raw: Json): NonNullable<Report["error"]> => ({
  id: string(raw.id),
  what: string(raw.what),
  details: strings(raw.details),
  stands: string(raw.stands),
  fix: string(raw.fix),
});

const release = (raw: Json): Release => ({
  name: string(raw.name),
  namespace: string(raw.namespace),
  revision: number(raw.revision),
  chart: string(raw.chart),
  image: string(raw.image),
  deadlineSeconds: number(raw.deadlineSeconds),
  graceSeconds: number(raw.graceSeconds),
});

const backup = (raw: Json): NonNullable<Report["backup"]> => ({
  strategy: string(raw.strategy),
  name: string(raw.name),
  where: string(raw.where),
  bytes: maybe.number(raw.bytes),
  sha256: maybe.string(raw.sha256),
  durationMs: number(raw.durationMs),
  verified: oneOf(raw.verified, ["read", "restore", "no"], "no"),
  lsn: maybe.string(raw.lsn),
});

const change = (raw: Json): NonNullable<Report["schema"]>[number] => ({
  object: string(raw.object),
  kind: oneOf(raw.kind, ["added", "missing", "different"], "different"),
  before: maybe.string(raw.before),
  after: maybe.string(raw.after),
});

const expectation = (raw: Json): NonNullable<Report["expectations"]>[number] => ({
  what: string(raw.what),
  met: raw.met === true,
  ...(typeof raw.reason === "string" ? { reason: raw.reason } : {}),
  durationMs: number(raw.durationMs),
});

const OUTCOMES = ["done", "failed", "stopped"] as const;

const leftOut = (raw: Json): Record<string, number> =>
  Object.fromEntries(Object.entries(raw).flatMap(([key, value]) => (isNumber(value) ? [[key, value]] : [])));

/**
 * A report as a database has kept it. Older agents wrote fewer fields, and anybody may have edited the row: what is not
 * there or not of its type is empty. Undefined when it is no report at all.
 */
export function readReport(raw: unknown): Report | undefined {
  if (!isRecord(raw) || raw.command === undefined || !OUTCOMES.some((one) => one === raw.outcome)) return undefined;
  return {
    format: 1,
    command: string(raw.command),
    outcome: oneOf(raw.outcome, OUTCOMES, "failed"),
    exitCode: number(raw.exitCode),
    agentVersion: string(raw.agentVersion),
    startedAt: string(raw.startedAt),
    durationMs: number(raw.durationMs),
    database: maybe.string(raw.database),
    planHash: maybe.string(raw.planHash),
    stages: records(raw.stages).map(stage),
    risks: records(raw.risks).map(risk),
    applied: records(raw.applied).map(migration),
    reverted: records(raw.reverted).map(migration),
    ahead: strings(raw.ahead),
    stoppedAt: maybe.string(raw.stoppedAt),
    notReached: strings(raw.notReached),
    fleet: isRecord(raw.fleet) && isNumber(raw.fleet.listed) ? fleet(raw.fleet) : undefined,
    error: maybe.record(raw.error, error),
    release: maybe.record(raw.release, release),
    backup: maybe.record(raw.backup, backup),
    drift: maybe.list(raw.drift, change),
    schema: maybe.list(raw.schema, change),
    expectations: maybe.list(raw.expectations, expectation),
    leftOut: maybe.record(raw.leftOut, leftOut),
  };
}
