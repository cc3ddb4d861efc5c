import type { Row } from "../postgres/client.ts";
import type { Tri } from "../statements/lock-modes.ts";

/** Where the clock is that of the data, both kinds of timestamp are the same numbers. */
const UTC = new Set(["UTC", "GMT", "Etc/UTC", "Etc/GMT", "UCT", "Etc/UCT", "Zulu", "Universal", "Etc/Universal"]);

/** An atttypmod counts four bytes of its own. */
const HEADER = 4;

type Fit = (mod: number, sizes: readonly number[]) => boolean;

const isAtLeast =
  (header: number): Fit =>
  (mod, [size = 0]) =>
    mod >= 0 && size >= mod - header;

const PRECISE = 6;
const clock: Fit = (mod, [size = PRECISE]) => size >= PRECISE || (mod >= 0 && size >= mod);

/** Types of which a longer one holds a shorter one as it lies there. */
const fits: Readonly<Record<string, Fit>> = {
  varchar: isAtLeast(HEADER),
  varbit: isAtLeast(0),
  numeric: (mod, [precision = 0, scale = 0]) => {
    const packed = mod - HEADER;
    return mod >= 0 && scale === (packed & 0x7ff) && precision >= packed >> 16;
  },
  time: clock,
  timetz: clock,
  timestamp: clock,
  timestamptz: clock,
};

/** Without a length of its own, char is char(1), and so is bit. */
const NEVER_FITS = new Set(["bpchar", "bit"]);

function fitsAsItLies(type: string, mod: number, sizes: readonly number[]): Tri {
  if (sizes.length === 0 && !NEVER_FITS.has(type)) return true;
  if (NEVER_FITS.has(type)) return false;
  const holds = fits[type];
  return holds === undefined ? null : holds(mod, sizes);
}

function betweenClocks({ from, to, zone }: Row): boolean {
  const both = [String(from), String(to)].toSorted().join();
  return both === "timestamp,timestamptz" && UTC.has(String(zone));
}

const not = (answer: Tri): Tri => (answer === null ? null : !answer);

/** A domain without a rule is its type by another name. */
function toDomain(row: Row): Tri {
  if (row.same !== true && row.binary !== true) return true;
  return Number(row.domain_mod) < 0 ? false : null;
}

function sameType(row: Row, sizes: readonly number[]): Tri {
  const mod = row.was_domain === true ? -1 : Number(row.mod);
  const type = String(row.to);
  // The same type again is no change at all.
  if (NEVER_FITS.has(type) && mod - HEADER === sizes[0]) return false;
  return not(fitsAsItLies(type, mod, sizes));
}

/** Whether the rows are written anew for a change of type, from a row of `changesSql`. */
export function rewritesFor(row: Row, sizes: readonly number[]): Tri {
  if (row.is_constrained === true || row.is_new === true) return row.is_constrained === true;
  if (row.is_unknown === true) return null;
  if (row.is_domain === true) return toDomain(row);
  if (row.same === true) return sameType(row, sizes);
  if (row.binary === true) return not(fitsAsItLies(String(row.to), -1, sizes));
  return !(betweenClocks(row) && sizes.length === 0);
}
