import { parseArgs } from "node:util";
import { type Row, rows } from "./scenarios.ts";

export interface Arguments {
  readonly rounds: number;
  readonly rows: readonly Row[];
  /** File for the same figures as JSON. */
  readonly json: string | undefined;
  readonly minutes: number;
  readonly psql: string;
}

export const help = `npm run bench -- [options]

Times Headgate against node-pg-migrate, psql, dbmate and goose: tools take turns inside each round, each pending run
on a fresh database made outside the clock, on one embedded PostgreSQL with its default durability. It says which aims
are met and judges nothing: the exit code is 0 unless something failed to run.

  --rounds N      rounds of each row (default 3); on a busy machine take more, and read the ratios
  --only LIST     rows, of ${rows.map((row) => row.id).join(",")} (default all)
  --json FILE     writes every sample there too
  --minutes N     ends it after so long, with what was measured until then (default 45)
  --psql FILE     the psql to measure (default: the PATH's)
  --help          this text
`;

const flags = {
  rounds: { type: "string", default: "3" },
  only: { type: "string", default: rows.map((row) => row.id).join(",") },
  json: { type: "string" },
  minutes: { type: "string", default: "45" },
  psql: { type: "string", default: "psql" },
  help: { type: "boolean", default: false },
} as const;

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not "${text}"`);
  return value;
}

function rowCalled(id: string): Row {
  const row = rows.find((one) => one.id === id.trim());
  if (row === undefined) throw new Error(`--only knows ${rows.map((one) => one.id).join(", ")}, not "${id}"`);
  return row;
}

/** Throws an Error with one sentence on what cannot be read; undefined when help is asked for. */
export function readArguments(argv: readonly string[]): Arguments | undefined {
  const { values } = parseArgs({ args: [...argv], options: flags });
  if (values.help) return undefined;
  return {
    rounds: Math.ceil(positive("rounds", values.rounds)),
    rows: values.only.split(",").map(rowCalled),
    json: values.json,
    minutes: positive("minutes", values.minutes),
    psql: values.psql,
  };
}
