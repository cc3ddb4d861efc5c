import type { Sample } from "./measure.ts";

/** Samples of one peer in one row, in the order of rounds; undefined where a run failed. */
export interface Cell {
  readonly row: string;
  readonly peer: string;
  readonly samples: readonly (Sample | undefined)[];
}

export interface Figures {
  readonly row: string;
  readonly peer: string;
  readonly seconds: readonly number[];
  readonly min: number | undefined;
  readonly median: number | undefined;
  /** Headgate's time over this peer's, pair by pair: the median of the rounds' ratios. */
  readonly ratio: number | undefined;
  /** The largest of all rounds, MiB. */
  readonly peakMb: number | undefined;
}

export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1];
  const high = sorted[Math.floor(middle)];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

const pairwise = (cell: Cell, base: Cell | undefined): number[] =>
  cell.samples.flatMap((sample, round) => {
    const other = base?.samples[round];
    return sample === undefined || other === undefined ? [] : [other.seconds / sample.seconds];
  });

/** Pure: `base` names the peer that the others are compared with. */
export function figuresOf(cells: readonly Cell[], base: string): Figures[] {
  return cells.map((cell) => {
    const samples = cell.samples.filter((sample) => sample !== undefined);
    const seconds = samples.map((sample) => sample.seconds);
    const peaks = samples.flatMap(({ peakMb }) => (peakMb === undefined ? [] : [peakMb]));
    const other = cells.find((one) => one.row === cell.row && one.peer === base);
    return {
      row: cell.row,
      peer: cell.peer,
      seconds,
      min: seconds.length === 0 ? undefined : Math.min(...seconds),
      median: median(seconds),
      ratio: cell.peer === base ? undefined : median(pairwise(cell, other)),
      peakMb: peaks.length === 0 ? undefined : Math.max(...peaks),
    };
  });
}

const HEAD = ["row", "peer", "min s", "median s", "headgate / peer", "peak MiB"];
const fixed = (value: number | undefined, digits: number, none: string): string => value?.toFixed(digits) ?? none;

const lineOf = (one: Figures, previous: Figures | undefined): string[] => [
  one.row === previous?.row ? "" : one.row,
  one.peer,
  fixed(one.min, 3, "–"),
  fixed(one.median, 3, "–"),
  fixed(one.ratio, 2, ""),
  one.seconds.length === 0 ? "" : fixed(one.peakMb, 0, "unknown"),
];

/** Text columns to the left, numbers to the right. */
export function renderTable(figures: readonly Figures[]): string {
  const lines = [HEAD, ...figures.map((one, index) => lineOf(one, figures[index - 1]))];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (text: string, column: number): string =>
    column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
}
