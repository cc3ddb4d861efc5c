import type { Sample } from "./measure.ts";
import type { Row } from "./scenarios.ts";

/** Samples of one peer in one row, in the order of rounds; undefined where a run failed. */
export interface Cell {
  readonly row: Row;
  readonly peer: string;
  readonly samples: readonly (Sample | undefined)[];
}

export interface Figures {
  /** Id of the row. */
  readonly id: string;
  readonly row: string;
  readonly peer: string;
  /** Runs that were tried. */
  readonly runs: number;
  /** Of the runs that reached their end. */
  readonly seconds: readonly number[];
  readonly min: number | undefined;
  readonly median: number | undefined;
  /** Headgate's time over this peer's, pair by pair: the median of the rounds' ratios. */
  readonly ratio: number | undefined;
  /** The largest of all rounds, MiB. */
  readonly peakMb: number | undefined;
  /** The largest of all rounds; undefined where nobody counted. */
  readonly roundTrips: number | undefined;
  /** The limit of its own by which it ended, and when. */
  readonly limit: string | undefined;
}

export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1];
  const high = sorted[Math.floor(middle)];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

const largest = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
};

const isWhole = (sample: Sample | undefined): sample is Sample => sample !== undefined && sample.limit === undefined;

const limitOf = ({ limit, seconds }: Sample): string | undefined =>
  limit === undefined ? undefined : `${limit}, after ${seconds.toFixed(1)} s`;

const pairwise = (cell: Cell, base: Cell | undefined): number[] =>
  cell.samples.flatMap((sample, round) => {
    const other = base?.samples[round];
    return isWhole(sample) && isWhole(other) ? [other.seconds / sample.seconds] : [];
  });

/** Pure: `base` names the peer that the others are compared with. */
export function figuresOf(cells: readonly Cell[], base: string): Figures[] {
  return cells.map((cell) => {
    const samples = cell.samples.filter((sample) => sample !== undefined);
    const seconds = samples.filter(isWhole).map((sample) => sample.seconds);
    const other = cells.find((one) => one.row.id === cell.row.id && one.peer === base);
    return {
      id: cell.row.id,
      row: cell.row.title,
      peer: cell.peer,
      runs: cell.samples.length,
      seconds,
      min: seconds.length === 0 ? undefined : Math.min(...seconds),
      median: median(seconds),
      ratio: cell.peer === base ? undefined : median(pairwise(cell, other)),
      peakMb: largest(samples.map((sample) => sample.peakMb)),
      roundTrips: largest(samples.map((sample) => sample.roundTrips)),
      limit: samples.map(limitOf).find((text) => text !== undefined),
    };
  });
}

const HEAD = ["row", "peer", "min s", "median s", "headgate / peer", "round trips", "peak MiB", ""];

export const fixed = (value: number | undefined, digits: number, none: string): string =>
  value?.toFixed(digits) ?? none;

const lineOf = (one: Figures, previous: Figures | undefined): string[] => [
  one.row === previous?.row ? "" : one.row,
  one.peer,
  fixed(one.min, 3, "–"),
  fixed(one.median, 3, "–"),
  fixed(one.ratio, 2, ""),
  fixed(one.roundTrips, 0, ""),
  one.seconds.length === 0 && one.limit === undefined ? "" : fixed(one.peakMb, 0, "unknown"),
  one.limit === undefined ? "" : `died: ${one.limit}`,
];

/** Columns as wide as their widest cell: the first `texts` and the last to the left, those between to the right. */
export function renderColumns(lines: readonly (readonly string[])[], texts: number): string {
  const columns = lines[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const pad = (text: string, at: number): string =>
    at < texts || at === columns - 1 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0);
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
}

export const renderTable = (figures: readonly Figures[]): string =>
  renderColumns([HEAD, ...figures.map((one, index) => lineOf(one, figures[index - 1]))], 2);
