import type { Statement } from "../migrations/parser.ts";
import { A_PART, changedBy, madeBy, type Target } from "./targets.ts";

type Targets = readonly Target[];

const ARGUMENTS = /\(.*$/s;

/** The name of a function without its arguments; of everything else as it is. */
const bare = ({ sort, name }: Target): string => (sort === "function" ? name.replace(ARGUMENTS, "") : name);

const renamed = (target: Target, name: string): Target => {
  const [rest = ""] = (target.sort === "function" && ARGUMENTS.exec(target.name)) || [];
  return { ...target, name: name + rest };
};

/** What a statement gives another name or schema, as it is called after it. */
export function movedBy(statement: Statement): Targets {
  const { kind, node } = statement;
  if (kind === "AlterObjectSchemaStmt")
    return changedBy(statement).map((target) => ({ ...target, schema: String(node.newschema) }));
  if (kind !== "RenameStmt" || A_PART.test(String(node.renameType))) return [];
  return changedBy(statement).map((target) => renamed(target, String(node.newname)));
}

/** With OR REPLACE it may have been there before. */
const putBy = (statement: Statement): Targets =>
  /^(CreateFunction|View)Stmt$/.test(statement.kind) ? changedBy(statement) : [];

/** The same name, where a function may be written without its arguments. */
const isNamed = (one: Target, other: Target): boolean =>
  one.sort === other.sort &&
  (one.name === other.name || (bare(one) === bare(other) && [one.name, other.name].includes(bare(one))));

/** What the statements of a file give a name, by that name. */
export interface Names {
  /** Given by a statement before this one, and to nothing older. A schema is compared as it is written, or not. */
  readonly before: (target: Target, statement: Statement) => Targets;
  /** True when a statement after this one puts something under the name again. A schema may be left out. */
  readonly after: (target: Target, statement: Statement) => boolean;
}

interface Place {
  readonly target: Target;
  /** Where it gets the name first, with nothing older under it, and where last. */
  readonly first: number;
  readonly last: number;
}

export function namesIn(statements: readonly Statement[]): Names {
  // By the bare name, and below that by the whole one.
  const places = new Map<string, Map<string, Place>>();
  const order = new Map(statements.map((statement, at) => [statement, at]));
  const add = (target: Target, first: number, last: number): void => {
    const all = places.get(bare(target)) ?? new Map<string, Place>();
    const whole = JSON.stringify([target.sort, target.schema, target.name]);
    places.set(bare(target), all.set(whole, { target, first: Math.min(all.get(whole)?.first ?? first, first), last }));
  };
  for (const [statement, at] of order) {
    for (const target of [...madeBy(statement), ...movedBy(statement)]) add(target, at, at);
    for (const target of putBy(statement)) add(target, Number.POSITIVE_INFINITY, at);
  }
  const under = (target: Target): readonly Place[] =>
    [...(places.get(bare(target))?.values() ?? [])].filter((place) => isNamed(place.target, target));
  const place = (statement: Statement): number => order.get(statement) ?? 0;
  return {
    before: (target, statement) =>
      under(target).flatMap((one) =>
        one.first < place(statement) && one.target.schema === target.schema ? [one.target] : [],
      ),
    after: (target, statement) =>
      under(target).some(
        ({ last, target: { schema } }) =>
          last > place(statement) && (schema === target.schema || schema === undefined || target.schema === undefined),
      ),
  };
}
