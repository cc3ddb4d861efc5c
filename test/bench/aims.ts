import { type Figures, fixed, renderColumns } from "./table.ts";

/** What a figure should be. It is computed and told; the bench's exit code does not depend on it. */
export interface Aim {
  readonly aim: string;
  /** Undefined where the rows or peers that it takes were not measured. */
  readonly measured: number | undefined;
  readonly most: number;
}

/** Flat means that five times the files take at most this many times the memory. */
const FLAT = 1.1;

const rowsOf = (figures: readonly Figures[]) => {
  const at = (row: string, peer: string): Figures | undefined =>
    figures.find((one) => one.id === row && one.peer === peer);
  return {
    at,
    /** Headgate's time over the peer's, as the big table has it. */
    ratio: (row: string, peer: string): number | undefined => at(row, peer)?.ratio,
    peak: (row: string): number | undefined => at(row, "headgate")?.peakMb,
    others: (row: string): Figures[] => figures.filter((one) => one.id === row && !one.peer.startsWith("headgate")),
  };
};

const over = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? undefined : one / other;

const worst = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
};

/** Pure: each aim with what was measured for it, `base` being headgate. */
export function aimsOf(figures: readonly Figures[]): Aim[] {
  const { at, ratio, peak, others } = rowsOf(figures);
  const biggest = at("5000", "headgate");
  return [
    { aim: "1,000 pending, over psql", measured: ratio("1000", "psql"), most: 1 },
    {
      aim: "1,000 pending at +2 ms, over the same without",
      measured: ratio("delayed", "headgate/direct"),
      most: 1.15,
    },
    {
      aim: "1,000 pending at +2 ms, over the fastest other",
      measured: worst(others("delayed").map((one) => one.ratio)),
      most: 1,
    },
    { aim: "no-op over 5,000, over node-pg-migrate", measured: ratio("noop5000", "node-pg-migrate"), most: 0.06 },
    { aim: "no-op over 5,000, over goose", measured: ratio("noop5000", "goose"), most: 3 },
    { aim: "start-up, over node-pg-migrate", measured: ratio("startup", "node-pg-migrate"), most: 0.5 },
    { aim: "no-op over 300 schemas, over a loop of goose", measured: ratio("schemas", "goose"), most: 0.1 },
    {
      aim: "5,000 pending, share of runs that failed",
      measured: biggest === undefined || biggest.runs === 0 ? undefined : 1 - biggest.seconds.length / biggest.runs,
      most: 0,
    },
    { aim: "peak MiB at 1,000 and 5,000 pending", measured: worst([peak("1000"), peak("5000")]), most: 80 },
    { aim: "peak at 5,000 pending, over that at 1,000", measured: over(peak("5000"), peak("1000")), most: FLAT },
  ];
}

function lineOf({ aim, measured, most }: Aim): string[] {
  if (measured === undefined) return [aim, `≤ ${most}`, "–", "not measured"];
  const digits = most >= 10 ? 0 : 2;
  return [aim, `≤ ${most}`, fixed(measured, digits, "–"), measured <= most ? "yes" : "no"];
}

export const renderAims = (aims: readonly Aim[]): string =>
  renderColumns([["headgate's aim", "at most", "measured", "met"], ...aims.map(lineOf)], 1);
