import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { plantedBugs } from "./planted-bugs.ts";
import { majors } from "./servers.ts";

export interface Arguments {
  readonly seed: string;
  readonly kills: number;
  /** Major versions of PostgreSQL; empty for the one that the tests come with. */
  readonly postgres: readonly string[];
  /** Beginning of the names of what to run; empty for all. */
  readonly only: string;
  /** Names of planted bugs to look for; undefined for a sweep of the agent as it is. */
  readonly planted: readonly string[] | undefined;
  /** File for the table. */
  readonly markdown: string | undefined;
  readonly lanes: number;
}

export const help = `npm run test:faults -- [options]

Strikes the agent at every message it sends to PostgreSQL, through a proxy that knows the protocol, with every kind of
fault; then kills it at random moments, loses the answers to its COMMITs, and starts twenty at once. After each case the
same command runs again until it ends well, and the database is compared with what the agent said. Ends with a table,
and with 1 when anything did not hold.

  --seed N          makes the random parts the same again (default: drawn, and printed)
  --kills N         random kills (default 200; 3000 for a release); lost answers and rounds of twenty grow with it
  --postgres LIST   major versions, of ${majors.join(",")} (default: the one that the tests come with)
  --only NAME       what begins with NAME: a scenario (tx, nontx, first), a case (tx/flight-record#2/after/cut),
                    kills, kills/7, answers, crowd
  --planted [NAME]  plants each bug (or one) in a copy of the agent, and fails unless the sweep finds it:
                    ${plantedBugs.map((bug) => bug.name).join(", ")}
  --markdown FILE   writes the table there too
  --lanes N         cases at a time, each on a server of its own (default 3)
  --help            this text
`;

const flags = {
  seed: { type: "string" },
  kills: { type: "string", default: "200" },
  postgres: { type: "string", default: "" },
  only: { type: "string", default: "" },
  planted: { type: "boolean", default: false },
  markdown: { type: "string" },
  lanes: { type: "string", default: "3" },
  help: { type: "boolean", default: false },
} as const;

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not "${text}"`);
  return value;
}

function oneOf(name: string, known: readonly string[]): (text: string) => string {
  return (text) => {
    if (!known.includes(text)) throw new Error(`--${name} knows ${known.join(", ")}, not "${text}"`);
    return text;
  };
}

/** Throws an Error with one sentence on what cannot be read; undefined when help is asked for. */
export function readArguments(argv: readonly string[]): Arguments | undefined {
  const { values, positionals } = parseArgs({ args: [...argv], options: flags, allowPositionals: true });
  if (values.help) return undefined;
  if (positionals.length > 0 && !values.planted) throw new Error(`what is "${positionals.join(" ")}"? See --help`);
  const bugs = plantedBugs.map((bug) => bug.name);
  return {
    seed: values.seed ?? String(randomInt(1, 1_000_000)),
    kills: whole("kills", values.kills),
    postgres: values.postgres.split(",").filter(Boolean).map(oneOf("postgres", majors)),
    only: values.only,
    planted: !values.planted ? undefined : positionals.length === 0 ? bugs : positionals.map(oneOf("planted", bugs)),
    markdown: values.markdown,
    lanes: Math.max(1, whole("lanes", values.lanes)),
  };
}
