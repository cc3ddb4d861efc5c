import type { Statement } from "../migrations/parser.ts";

type Statements = readonly Statement[];

/** What a rule wants to know of a whole file: gathered when the first of its statements asks, and kept for the others. */
export function onceAFile<T>(gather: (statements: Statements) => T): (statements: Statements) => T {
  const known = new WeakMap<Statements, { readonly fact: T }>();
  return (statements) => {
    const { fact } = known.get(statements) ?? { fact: gather(statements) };
    known.set(statements, { fact });
    return fact;
  };
}
