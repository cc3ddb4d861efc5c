import type { Statement } from "../migrations/parser.ts";
import type { Migration } from "../migrations/types.ts";
import type { Made } from "./made.ts";

/** The lowest first. */
export const RISKS = ["low", "medium", "high"] as const;
export type Risk = (typeof RISKS)[number];

export interface Finding {
  readonly rule: string;
  readonly risk: Risk;
  /** Somebody may take the risk on purpose. */
  readonly acceptable: boolean;
  readonly line: number | undefined;
  /** The danger, in the user's own names. */
  readonly danger: string;
  /** What to write instead. */
  readonly instead: string;
}

export interface Subject {
  readonly migration: Migration;
  readonly statements: readonly Statement[];
  /** Name of Headgate's own schema. */
  readonly ownSchema: string;
  /** What the statements before this one have made: nobody uses it yet. */
  readonly made: Made;
}

/** One lint rule. `acknowledgeable: false` is for what cannot work at all; the others tell of a danger that may be accepted. */
export interface Rule {
  readonly id: string;
  readonly risk: Risk;
  readonly acknowledgeable: boolean;
  readonly check: (
    statement: Statement,
    subject: Subject,
  ) => Omit<Finding, "rule" | "risk" | "acceptable" | "line"> | undefined;
}
