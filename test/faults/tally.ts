import type { Violation } from "./judge/violation.ts";

/** A thing that was tried, and how it went. */
export interface Finding {
  /** What `--only` takes to do it again. */
  readonly name: string;
  readonly violations: readonly Violation[];
  readonly output: string;
}

/** What one sweep over one version of PostgreSQL has counted. */
export interface Tally {
  readonly serverVersion: string;
  /** Cases and those that held, by `scenario fault`. */
  readonly cells: Map<string, { cases: number; held: number }>;
  readonly findings: Finding[];
  readonly voids: Map<string, number>;
  readonly kills: { done: number; midRun: number; lost: number; doubled: number };
  /** Answers to COMMIT that were lost, and how many of them the agent judged rightly. */
  readonly answers: { neverArrived: number; answerLost: number; wrong: number };
  readonly crowd: { rounds: number; agents: number; wrong: number };
}

export const createTally = (serverVersion: string): Tally => ({
  serverVersion,
  cells: new Map(),
  findings: [],
  voids: new Map(),
  kills: { done: 0, midRun: 0, lost: 0, doubled: 0 },
  answers: { neverArrived: 0, answerLost: 0, wrong: 0 },
  crowd: { rounds: 0, agents: 0, wrong: 0 },
});

export function countCase(tally: Tally, cell: string, finding: Finding): void {
  const old = tally.cells.get(cell) ?? { cases: 0, held: 0 };
  const held = finding.violations.length === 0 ? 1 : 0;
  tally.cells.set(cell, { cases: old.cases + 1, held: old.held + held });
  keep(tally, finding);
}

export function keep(tally: Tally, finding: Finding): void {
  if (finding.violations.length > 0) tally.findings.push(finding);
}
