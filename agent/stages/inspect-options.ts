import { PARSE_LIMIT_BYTES } from "../migrations/parser.ts";
import type { Migration, MigrationFile } from "../migrations/types.ts";
import type { Bar } from "../rules/rule.ts";
import type { Target } from "../statements/targets.ts";

export interface InspectOptions {
  readonly all: readonly MigrationFile[];
  readonly dir: string;
  readonly ownSchema: string;
  /** Text above this many bytes is not parsed. */
  readonly limitBytes?: number;
  /** Judge each file as if the ones before it had been applied long ago: so it may come to be. */
  readonly alone?: boolean;
  /** Parse also what a manifest has the answer for: `plan` shows the trees' locks. */
  readonly anew?: boolean;
  /** Schema of what is named without one: public when it is left out. */
  readonly home?: string;
  /** Whether what is made IF NOT EXISTS was there before: schemas, and nothing else, when it is left out. */
  readonly wasThere?: (target: Target) => boolean;
  /** The lowest risk that is judged where a manifest knows the rest: high when it is left out. */
  readonly bar?: Bar;
  /** Rules that the settings accept in every file. */
  readonly allow?: readonly string[];
}

export function isParsed({ up, transaction }: Migration, limit = PARSE_LIMIT_BYTES): boolean {
  // A file without a transaction runs statement by statement, so it is parsed however big it is.
  return up !== undefined && (!transaction || Buffer.byteLength(up.sql) <= limit);
}

/** What is known of a migration that nobody has taken apart. */
export const UNPARSED = {
  statements: () => undefined,
  leavesState: true,
  patient: false,
  locksOthers: true,
  wants: undefined,
  effects: () => null,
  unlessThere: [],
  findings: [],
  downFindings: [],
} as const;
