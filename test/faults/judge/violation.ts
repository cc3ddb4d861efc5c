/**
 * What must hold after every fault. I1: each effect once or not at all, and recorded if and only if it is there. I2:
 * only a migration without a transaction is ever half-way, and its row says so. I3: one writer at a time. I4: exit code,
 * report and record agree with the database. I5: no password in any output. I7: nothing is left behind. I9: the same
 * command converges. `sweep` is trouble of the sweep itself.
 */
export type Invariant = "I1" | "I2" | "I3" | "I4" | "I5" | "I7" | "I9" | "sweep";

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
  /** For I1: an effect that is there and not recorded, or the other way round; or one that is there twice. */
  readonly harm?: "lost" | "doubled";
}

export const broken = (invariant: Invariant, what: string): Violation => ({ invariant, what });
