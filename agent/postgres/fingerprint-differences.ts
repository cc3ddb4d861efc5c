import { plainLine } from "../lib/plain.ts";
import type { Fingerprint, FingerprintedObject, Taking } from "./fingerprint.ts";

export interface Difference {
  readonly object: string;
  readonly kind: "added" | "missing" | "different";
  /** Nothing to mend: another order of the same columns, or a constraint that was validated in between. */
  readonly harmless: boolean;
  readonly before?: string;
  readonly after?: string;
}

/** As many as are kept, ordered by the objects' names. */
export interface Differences {
  readonly list: readonly Difference[];
  /** How many more there are. */
  readonly more: number;
}

/** The first `most` of them. */
export const firstOf = (list: readonly Difference[], most: number): Differences => ({
  list: list.slice(0, most),
  more: Math.max(0, list.length - most),
});

const ORDER = /^column order of /;

const columns = (definition: string): string[] => definition.split(", ");

/** The columns that both have, in each one's order: what else differs is told by the columns themselves. */
function reordered(before: string, after: string): boolean {
  const [left, right] = [columns(before), columns(after)];
  return (
    left.filter((name) => right.includes(name)).join(", ") !== right.filter((name) => left.includes(name)).join(", ")
  );
}

function compared(before: FingerprintedObject, after: FingerprintedObject): Difference[] {
  if (before.definition === after.definition) return [];
  const isOrder = ORDER.test(before.object);
  if (isOrder && !reordered(before.definition, after.definition)) return [];
  const harmless = isOrder || before.definition === `${after.definition} NOT VALID`;
  return [{ object: before.object, kind: "different", harmless, before: before.definition, after: after.definition }];
}

/** Without what goes, or comes, together with what it belongs to. */
const isHead = ({ object, parent }: FingerprintedObject, other: (object: string) => boolean): boolean =>
  (parent === undefined || other(parent)) && !ORDER.test(object);

/** What has changed since `before`, an object at a time: a run may have made all that there is. Keeps the first `most`. */
export function differing(before: Fingerprint, most: number): Taking<Differences> {
  const gone = new Set(before.keys());
  const found: Difference[] = [];
  let more = 0;
  const add = (difference: Difference): void => {
    if (found.length < most) found.push(difference);
    else more += 1;
  };
  const take = (one: FingerprintedObject): void => {
    gone.delete(one.object);
    const was = before.get(one.object);
    if (was !== undefined) for (const difference of compared(was, one)) add(difference);
    else if (isHead(one, (object) => before.has(object)))
      add({ object: one.object, kind: "added", harmless: false, after: one.definition });
  };
  const done = (): Differences => {
    const missing = [...before.values()].flatMap((one): Difference[] =>
      gone.has(one.object) && isHead(one, (object) => !gone.has(object))
        ? [{ object: one.object, kind: "missing", harmless: false, before: one.definition }]
        : [],
    );
    const kept = firstOf(
      [...found, ...missing].sort((a, b) => (a.object < b.object ? -1 : 1)),
      most,
    );
    return { list: kept.list, more: kept.more + more };
  };
  return { take, done };
}

/** What has changed from one to the other, ordered by the objects' names. */
export function diffFingerprints(before: Fingerprint, after: Fingerprint): readonly Difference[] {
  const { take, done } = differing(before, Number.POSITIVE_INFINITY);
  for (const one of after.values()) take(one);
  return done().list;
}

const MANY_LINES = /\n/;

/** The first line of each that the other does not have in that place. */
function firstChange(before: string, after: string): [string, string] {
  const [left, right] = [before.split("\n"), after.split("\n")];
  const at = left.findIndex((line, index) => line !== right[index]);
  const place = at < 0 ? left.length : at;
  return [(left[place] ?? "").trim(), (right[place] ?? "").trim()];
}

const shown = (definition: string): string => (definition === "" ? "nothing" : definition);

/** `index orders_by_state: missing`, `column orders.total: numeric(10,2), was numeric(12,2)`. */
export function describeDifference({ object, kind, before = "", after = "" }: Difference): string {
  const name = plainLine(object);
  if (kind !== "different") return `${name}: ${kind}`;
  const several = MANY_LINES.test(before) || MANY_LINES.test(after);
  const [was, is] = several ? firstChange(before, after) : [before, after];
  return `${name}: ${shown(is)}, was ${shown(was)}`;
}

/** The objects of one schema of a fleet, by that schema's name, too. */
export const ofSchema = (schema: string, list: readonly Difference[]): Difference[] =>
  list.map((one) => ({ ...one, object: `${schema}: ${one.object}` }));
