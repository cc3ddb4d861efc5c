const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The longest time-out that PostgreSQL takes: it keeps milliseconds in 32 bits. About 596 hours. */
export const LONGEST_TIMEOUT_MS = 2_147_483_647;

const isUnit = (unit: string | undefined): unit is keyof typeof UNITS => unit !== undefined && unit in UNITS;

/** Milliseconds of `500ms`, `45s`, `10m`, `1h` or `90d`. Throws a RangeError on anything else. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (amount === undefined || !isUnit(unit)) {
    throw new RangeError(`"${text}" is not a duration: write a whole number and ms, s, m, h or d, like 45s`);
  }
  return Number(amount) * UNITS[unit];
}

/** `850 ms`, `4.2 s` or `3 min 20 s`, for people. */
export function formatDuration(ms: number): string {
  // Rounded first: what rounds up to a whole minute is a minute.
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`;
  if (Math.round(ms / 100) < 600) return `${(Math.round(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
