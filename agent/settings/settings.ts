import type { FromSchema } from "json-schema-to-ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { LONGEST_TIMEOUT_MS, parseDuration } from "../lib/duration.ts";
import { isRecord } from "../lib/records.ts";
import { withDefaults } from "./defaults.ts";
import { agentSchema, valuesSchema } from "./schema/index.ts";
import { templateProblems } from "./template.ts";

type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

type Written = FromSchema<typeof agentSchema>;
type AllThere<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]-?: AllThere<Exclude<T[Key], undefined>> }
    : T;

/** The settings after parsing: complete, valid, and read-only. */
export type Settings = DeepReadonly<AllThere<Written>>;

export type Place = "pod" | "desk";

/** Of backups at a desk. Nobody has named it, so it is made when it is not there. */
export const DESK_BACKUPS = "backups";

/** Where a desk differs from a pod: nobody wants to sit through 45 seconds in a terminal. */
const deskDefaults = {
  wait: { timeout: "5s" },
  migrations: { dir: "migrations" },
  backup: { volume: { path: DESK_BACKUPS } },
  // An older checkout must not take back what a colleague has applied; `headgate revert` asks first.
  rollback: { onAhead: "fail", delay: "0s" },
};

const isSettings = (value: unknown): value is Settings => isRecord(value) && "database" in value;

function overlay(base: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>) {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const under = merged[key];
    merged[key] = isRecord(under) && isRecord(value) ? overlay(under, value) : value;
  }
  return merged;
}

/** A key without a value is null in YAML and counts as left out, as in Helm; in a list, null is a value. */
function withoutNulls(mapping: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(mapping).filter(([, value]) => value !== null);
  return Object.fromEntries(kept.map(([key, value]) => [key, isRecord(value) ? withoutNulls(value) : value]));
}

async function schemaProblems(values: unknown): Promise<string[]> {
  const { validate: fits } = await import("./fits.ts");
  return fits(values) ? [] : await explained(values);
}

async function explained(values: unknown): Promise<string[]> {
  // By its default export: a bundler gives a CommonJS module that is loaded late no other.
  const [{ default: ajv }, { explainProblem }] = await Promise.all([import("ajv"), import("./explain-problems.ts")]);
  const validate = new ajv.Ajv({ allErrors: true, strict: false, verbose: true }).compile(valuesSchema);
  return validate(values) ? [] : (validate.errors ?? []).map(explainProblem);
}

function fleetContradictions({ fleet, history }: Settings): string[] {
  if (fleet.query === "" && fleet.schemas.length === 0) return [];
  return [
    ...(fleet.query === "" || fleet.schemas.length === 0
      ? []
      : ["fleet.schemas lists the schemas and fleet.query asks for them: drop one"]),
    ...(history.pgmigrations.schema === ""
      ? []
      : [
          "history.pgmigrations.schema is one schema, and each schema of a fleet keeps its own table there: drop history.pgmigrations.schema",
        ]),
  ];
}

function reportProblems({ report: { events, eventsOn, slack, webhook } }: Settings): string[] {
  return [
    ...templateProblems(slack.template, "report.slack.template"),
    ...templateProblems(webhook.body, "report.webhook.body"),
    ...(eventsOn.name === "" || events
      ? []
      : ["report.eventsOn.name names a workload, but report.events is false: set it to true, or drop the name"]),
  ];
}

function backupContradictions({ backup: { strategy, command, volume } }: Settings): string[] {
  if (strategy === "command" && (command[0] ?? "") === "")
    return ["backup.strategy is command, and backup.command names none: write the program and its arguments there"];
  if (strategy.startsWith("dump") && volume.path === "")
    return [`backup.strategy is ${strategy}, and backup.volume.path names no folder for it`];
  return [];
}

const smokeContradictions = ({ smoke }: Settings): string[] =>
  smoke.rows.flatMap(({ table, atLeast, atMost }: { table: string; atLeast?: number; atMost?: number }, at) => {
    if (atLeast === undefined && atMost === undefined)
      return [`smoke.rows.${at} asks nothing of ${table}: give it atLeast, atMost or both`];
    return (atLeast ?? 0) > (atMost ?? Number.POSITIVE_INFINITY)
      ? [`smoke.rows.${at} wants at least ${atLeast} rows of ${table} and at most ${atMost}: no table has that`]
      : [];
  });

/** Checks across keys that a schema cannot say. */
function contradictions(settings: Settings): string[] {
  const problems: string[] = [];
  const { tls } = settings.database;
  if (["disable", "allow", "prefer"].includes(tls.mode) && tls.caSecret !== "") {
    problems.push(
      `database.tls.mode ${tls.mode} never checks a certificate, database.tls.caSecret asks for it: drop one`,
    );
  }
  if (tls.mode === "disable" && tls.certSecret !== "") {
    problems.push("database.tls.mode disable uses no certificate, database.tls.certSecret names one: drop one");
  }
  const { first, largest } = settings.migrate.lockTimeout;
  if (parseDuration(first) > parseDuration(largest)) {
    problems.push(`migrate.lockTimeout.first ${first} is longer than migrate.lockTimeout.largest ${largest}`);
  }
  if (parseDuration(largest) > LONGEST_TIMEOUT_MS) {
    problems.push(`migrate.lockTimeout.largest ${largest} is longer than PostgreSQL can wait: at most 596h`);
  }
  return [
    ...problems,
    ...backupContradictions(settings),
    ...fleetContradictions(settings),
    ...reportProblems(settings),
    ...smokeContradictions(settings),
  ];
}

/**
 * Settings from raw values: `undefined` (nothing given), the whole of values.yaml, or the groups that travel with a
 * pod. Throws `bad-settings` with every problem at once.
 */
export async function parseSettings(values: unknown, place: Place, source = "the settings"): Promise<Settings> {
  if (values !== undefined && values !== null && !isRecord(values)) {
    throw new HeadgateError("bad-settings", { what: `${source} hold no mapping of keys to values` });
  }
  const given = withoutNulls(values ?? {});
  // Nothing given is known to be good: the validator is not even loaded.
  const problems = Object.keys(given).length === 0 ? [] : await schemaProblems(given);
  if (problems.length > 0) throw refusal(source, problems);
  const based = place === "desk" ? overlay(deskDefaults, given) : given;
  const settings = pick(withDefaults(agentSchema, based));
  const across = contradictions(settings);
  if (across.length > 0) throw refusal(source, across);
  return settings;
}

function pick(complete: unknown): Settings {
  if (!isRecord(complete)) throw new TypeError("defaults made no mapping");
  const groups = Object.fromEntries(Object.keys(agentSchema.properties).map((key) => [key, complete[key]]));
  if (!isSettings(groups)) throw new TypeError("defaults made no settings");
  return groups;
}

const refusal = (source: string, problems: readonly string[]): HeadgateError =>
  new HeadgateError("bad-settings", {
    what: `${problems.length === 1 ? "a problem" : `${problems.length} problems`} in ${source}`,
    details: problems,
    stands: "nothing was changed; the database was not contacted",
  });
