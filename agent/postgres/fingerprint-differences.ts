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

/**
 * What has changed since `before`, ordered by the objects' names, without what went, or came, together with what it belongs
 * to. Of what is not in `before`, or is another, only the first `most`: a run may have made all that there is.
 */
export function differing(before: Fingerprint, most = Number.POSITIVE_INFINITY): Taking<Difference[]> {
  const gone = new Set(before.keys());
  const found: Difference[] = [];
  const isHead = ({ object, parent }: FingerprintedObject, other: { has(object: string): boolean }): boolean =>
    (parent === undefined || other.has(parent)) && !ORDER.test(object);
  const take = (one: FingerprintedObject): void => {
    gone.delete(one.object);
    if (found.length >= most) return;
    const was = before.get(one.object);
    if (was !== undefined) found.push(...compared(was, one));
    else if (isHead(one, before))
      found.push({ object: one.object, kind: "added", harmless: false, after: one.definition });
  };
  const done = (): Difference[] => {
    const stayed = { has: (object: string): boolean => !gone.has(object) };
    const missing = [...before.values()].flatMap((one): Difference[] =>
      gone.has(one.object) && isHead(one, stayed)
        ? [{ object: one.object, kind: "missing", harmless: false, before: one.definition }]
        : [],
    );
    return [...found, ...missing].sort((a, b) => (a.object < b.object ? -1 : 1));
  };
  return { take, done };
}

/** What has changed from one to the other, as `differing` tells it. */
export function diffFingerprints(before: Fingerprint, after: Fingerprint): Difference[] {
  const { take, done } = differing(before);
  for (const one of after.values()) take(one);
  return done();
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
