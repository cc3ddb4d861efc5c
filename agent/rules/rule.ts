import type { Statement } from "../migrations/parser.ts";
import type { FileProblem } from "../migrations/problem.ts";
import type { Migration } from "../migrations/types.ts";
import type { Held } from "../statements/held.ts";
import type { Made } from "../statements/made.ts";

/** The lowest first. */
export const RISKS = ["low", "medium", "high"] as const;
export type Risk = (typeof RISKS)[number];

/** The lowest risk that stops something; `never`: nothing that may be accepted. */
export const BARS = [...RISKS, "never"] as const;
export type Bar = (typeof BARS)[number];

export const reaches = (risk: Risk, bar: Bar): boolean => bar !== "never" && RISKS.indexOf(risk) >= BARS.indexOf(bar);

/** What a rule says of a statement. */
export interface Found {
  /** The danger, in the user's own names. */
  readonly danger: string;
  /** What to write instead. */
  readonly instead: string;
  /** The danger grows with this table, named as SQL writes it: where it is small the risk is a step lower. */
  readonly table?: string;
  /** Another risk than the rule's, as far as the file tells. */
  readonly risk?: Risk;
  /** It is one only where the table is written anew: a database can tell, and what it does not clear has this risk. */
  readonly ifRewritten?: Risk;
  /** It is one only on servers from and below these values of server_version_num. */
  readonly servers?: { readonly from?: number; readonly below?: number };
  /** The mark (settled.ts) of what a later statement of the set may do about it: then it is no finding. */
  readonly unless?: string;
}

export interface Finding extends Found {
  readonly rule: string;
  readonly risk: Risk;
  /** Somebody may take the risk on purpose. */
  readonly acceptable: boolean;
  /** Why somebody does; undefined when nobody does. */
  readonly accepted: string | undefined;
  readonly line: number | undefined;
}

export interface Subject {
  readonly migration: Migration;
  readonly statements: readonly Statement[];
  /** Name of Headgate's own schema. */
  readonly ownSchema: string;
  /** What the statements before this one have made: nobody uses it yet. */
  readonly made: Made;
}

interface About {
  readonly id: string;
  readonly risk: Risk;
  /** False for what cannot work at all; the others tell of a danger that may be accepted. */
  readonly acknowledgeable: boolean;
}

/** A rule that looks at one statement after the other. */
export interface Rule extends About {
  readonly check: (
    statement: Statement,
    subject: Subject & { readonly held: Held },
  ) => Found | readonly Found[] | undefined;
}

/** A rule that looks at a file as a whole. */
export interface FileRule extends About {
  readonly checkFile: (subject: Subject, others: Others) => readonly FoundAt[];
}

export interface FoundAt extends Found {
  readonly line: number | undefined;
}

/** What a rule may ask about the others. */
export interface Others {
  readonly isRule: (id: string) => boolean;
  /** Rules that find something in the file if everything before it was applied long ago. */
  readonly foundAlone: () => ReadonlySet<string>;
}

/** A rule about text that cannot be taken apart, and so has no statements. */
export interface TextRule extends About {
  readonly checkText: (problem: FileProblem) => Found;
}
