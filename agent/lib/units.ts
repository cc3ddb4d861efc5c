const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** `25 MB`; below 0 with its sign. */
export function inUnits(bytes: number): string {
  const amount = Math.abs(bytes);
  const step = amount < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(amount) / Math.log(1_024)));
  return `${bytes < 0 ? "-" : ""}${Math.round(amount / 1_024 ** step)} ${UNITS[step]}`;
}
