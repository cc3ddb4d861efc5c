/** Where a run that goes back wants the schema to be. */
export type Goal =
  /** Where these files know it. */
  | { readonly kind: "files" }
  /** This migration stays applied, everything after it goes. */
  | { readonly kind: "to"; readonly name: string }
  | { readonly kind: "steps"; readonly steps: number }
  | { readonly kind: "all" }
  /** Where a revision of a release had left it. `release` undefined: the one that has run here. */
  | { readonly kind: "release"; readonly release: string | undefined; readonly revision: number }
  /** Where the run wanted it that was last refused. */
  | { readonly kind: "refused" };

export interface Going {
  readonly goal: Goal;
  readonly acceptDataLoss: boolean;
  /** Asks a person, after showing them these lines; rejects when they say no. Undefined where nobody is to be asked. */
  readonly consent: ((lines: readonly string[]) => Promise<void>) | undefined;
}

/** Of every run that was not asked for something else. */
export const ontoFiles: Going = { goal: { kind: "files" }, acceptDataLoss: false, consent: undefined };
