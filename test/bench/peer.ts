import type { Files } from "./scenarios.ts";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A shell that starts a process for each schema: the shell's own memory says nothing. */
  readonly loop?: boolean;
}

export interface Task extends Files {
  readonly url: string;
  /** A folder of the bench, for what a peer wants to have written. */
  readonly home: string;
}

export interface Peer {
  readonly name: string;
  readonly command: (task: Task) => Command;
  /** Counts what it has recorded as applied; undefined for one that keeps no history, or the same as another peer. */
  readonly appliedSql?: string;
  /** The same migrations in each of these schemas, as its users do that. */
  readonly overSchemas?: {
    readonly command: (task: Task, schemas: readonly string[]) => Command;
    readonly appliedSql: string;
  };
  /** Runs past the proxy, beside the others of a row that has one: what the delay costs is a ratio of one round. */
  readonly pastProxy?: boolean;
  /** What its users do once for a folder of files, before any release. */
  readonly prepare?: (files: Files) => void;
  /** In what it prints, the reason of an end that is its own limit: shown as its result, no failure of the bench. */
  readonly limit?: RegExp;
}

export interface Peers {
  readonly measured: readonly Peer[];
  readonly versions: readonly string[];
  readonly footnotes: readonly string[];
}

/** A peer that is here, or the sentence that says why it is not. */
export interface Found {
  readonly peer: Peer | undefined;
  readonly version: string | undefined;
  readonly footnote: string;
}
