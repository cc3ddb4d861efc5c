import type { Statement } from "../migrations/parser.ts";
import type { Migration } from "../migrations/types.ts";

export interface Finding {
  readonly rule: string;
  readonly risk: "low" | "medium" | "high";
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
}

/** One lint rule. `acknowledgeable: false` is for what cannot work at all. */
export interface Rule {
  readonly id: string;
  readonly risk: Finding["risk"];
  readonly acknowledgeable: boolean;
  readonly check: (statement: Statement, subject: Subject) => Omit<Finding, "rule" | "risk" | "line"> | undefined;
}
