import type { Statement } from "../migrations/parser.ts";
import { type Catalog, type Dropped, keyOf, type Relation, type TypeChange } from "./lock-catalog.ts";
import { lockOf } from "./locks.ts";
import type { Made } from "./made.ts";

/** A name as a statement writes it. */
export interface Name {
  readonly name: string;
  readonly schema: string | undefined;
}

/** All that a database has to be asked about some statements, each thing once. */
export interface Questions {
  readonly relations: readonly Name[];
  readonly dropped: readonly Dropped[];
  readonly changes: readonly TypeChange[];
  readonly functions: readonly Name[];
  readonly domains: readonly Name[];
  /** Tables that are emptied with all that refer to them. */
  readonly cascades: boolean;
}

const SOMETHING: Omit<Relation, "name"> = {
  ...{ kind: "r", unlogged: false, below: [], parent: undefined, defaultBeside: undefined, defaultBelow: undefined },
  ...{ reads: [], indexed: [], foreignKeys: [], columns: [], filled: [], valid: [], triggers: false },
};

/**
 * Notes what it is asked. What is asked next may hang on the answer, so there are two of them: one that knows everything,
 * and one that knows nothing.
 */
class Listener implements Catalog {
  readonly version = Number.POSITIVE_INFINITY;
  readonly relations = new Map<string, Name>();
  readonly drops = new Map<string, Dropped>();
  readonly changes = new Map<string, TypeChange>();
  readonly functions = new Map<string, Name>();
  readonly domains = new Map<string, Name>();
  cascades = false;
  knows = false;
  readonly relation = (name: string, schema: string | undefined): Relation | undefined => {
    this.relations.set(keyOf([name, schema]), { name, schema });
    return this.knows ? { ...SOMETHING, name } : undefined;
  };
  readonly dropped = (what: Dropped): readonly string[] => {
    this.drops.set(keyOf(what), what);
    return [];
  };
  readonly rewrites = (change: TypeChange): null => {
    this.changes.set(keyOf(change), change);
    return null;
  };
  readonly isVolatile = (name: string, schema: string | undefined): null => {
    this.functions.set(keyOf([name, schema]), { name, schema });
    return null;
  };
  readonly usersOf = (name: string, schema: string | undefined): readonly string[] => {
    this.domains.set(keyOf([name, schema]), { name, schema });
    return [];
  };
  readonly referring = (): readonly never[] => {
    this.cascades = true;
    return [];
  };
}

export interface Asker {
  /** Asked before `made` takes the statement in. */
  readonly hear: (statement: Statement, made: Made) => void;
  readonly questions: () => Questions;
}

/** Finds out what a database has to be asked before `lockOf` can say all it can of some statements. */
export function collectQuestions(): Asker {
  const listener = new Listener();
  return {
    hear(statement, made) {
      for (const knows of [false, true]) {
        listener.knows = knows;
        lockOf(statement, { catalog: listener, made });
      }
    },
    questions: () => ({
      relations: [...listener.relations.values()],
      dropped: [...listener.drops.values()],
      changes: [...listener.changes.values()],
      functions: [...listener.functions.values()],
      domains: [...listener.domains.values()],
      cascades: listener.cascades,
    }),
  };
}
