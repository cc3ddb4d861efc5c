import type { Fingerprint } from "../postgres/fingerprint.ts";
import type { Difference } from "../postgres/fingerprint-differences.ts";

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");

/**
 * An entry of drift.ignore as a regular expression over objects as they are printed: `index shop.orders_by_state`. With a
 * space it is such a whole text; without, a name: that of a schema with all that is in it, or of an object with all that it
 * has. An asterisk stands for anything.
 */
function patternOf(entry: string): string {
  if (entry.replaceAll(/"[^"]*"/g, "").includes(" ")) return escaped(entry);
  return `[a-z ]+ ${escaped(entry)}(?:[.(].*)?`;
}

/** True for an object that one of the entries means. */
export function ignores(entries: readonly string[]): (object: string) => boolean {
  if (entries.length === 0) return () => false;
  const pattern = new RegExp(`^(?:${entries.map(patternOf).join("|")})$`, "s");
  return (object) => pattern.test(object);
}

const PARTITION = /(?:^|, )partition (?:FOR VALUES|DEFAULT)/;

const isPartition = ({ object, before, after }: Difference): boolean =>
  /^(?:foreign )?table /.test(object) && PARTITION.test(after ?? before ?? "");

/** It has left its parent and is kept, or goes next. */
const isDetached = ({ object, before, after }: Difference): boolean =>
  /^(?:foreign )?table /.test(object) && PARTITION.test(before ?? "") && after !== undefined && !PARTITION.test(after);

export interface Ignoring {
  readonly ignore: readonly string[];
  readonly partitions: "ignore" | "compare";
}

/** What is left of differences between what was and what is; an object is ignored together with what belongs to it. */
export function withoutIgnored(
  differences: readonly Difference[],
  { ignore, partitions }: Ignoring,
  [was, is]: readonly [Fingerprint, Fingerprint],
): Difference[] {
  const ignored = ignores(ignore);
  const detached = new Set(partitions === "ignore" ? differences.filter(isDetached).map(({ object }) => object) : []);
  const meant = (object: string | undefined): boolean => {
    if (object === undefined) return false;
    return ignored(object) || detached.has(object) || meant((is.get(object) ?? was.get(object))?.parent);
  };
  const moves = (one: Difference) => partitions === "ignore" && one.kind !== "different" && isPartition(one);
  return differences.filter((one) => !meant(one.object) && !moves(one));
}
