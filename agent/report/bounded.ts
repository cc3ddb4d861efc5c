import type { MigrationRecord, Report } from "./report.ts";

/** What one report keeps at most, so that ten thousand migrations, or one endless message, still make a row of some MB. */
const MOST = {
  locks: 5_000,
  risks: 1_000,
  schema: 2_000,
  expectations: 2_000,
  details: 1_000,
  textChars: 20_000,
} as const;

const cut = (text: string): string =>
  text.length <= MOST.textChars
    ? text
    : `${text.slice(0, MOST.textChars)}… (${text.length - MOST.textChars} characters left out)`;

const cutSome = (text: string | undefined): string | undefined => (text === undefined ? undefined : cut(text));

/** Gives each list its first items, and counts the rest by the list's name. */
function counter() {
  const leftOut: Record<string, number> = {};
  return {
    leftOut,
    first<T>(part: string, list: readonly T[], most: number): readonly T[] {
      if (list.length > most) leftOut[part] = (leftOut[part] ?? 0) + list.length - most;
      return list.slice(0, most);
    },
  };
}

/** The report as it is kept: texts and lists end somewhere, and `leftOut` says what of. Names of migrations all stay. */
export function boundedReport(report: Report): Report {
  const { leftOut, first } = counter();
  let locksLeft: number = MOST.locks;
  const withLocks = (one: MigrationRecord): MigrationRecord => {
    if (one.locks === undefined) return one;
    const locks = first("locks", one.locks, locksLeft);
    locksLeft -= locks.length;
    return { ...one, locks };
  };
  const { error, schema, expectations } = report;
  const bounded: Report = {
    ...report,
    stages: report.stages.map((stage) => ({ ...stage, summary: cut(stage.summary) })),
    risks: first("risks", report.risks, MOST.risks).map((risk) => ({ ...risk, danger: cut(risk.danger) })),
    applied: report.applied.map(withLocks),
    reverted: report.reverted.map(withLocks),
    error: error && {
      ...error,
      what: cut(error.what),
      details: first("details", error.details, MOST.details).map(cut),
      stands: cut(error.stands),
      fix: cut(error.fix),
    },
    schema:
      schema &&
      first("schema", schema, MOST.schema).map((one) => ({
        ...one,
        before: cutSome(one.before),
        after: cutSome(one.after),
      })),
    expectations:
      expectations &&
      first("expectations", expectations, MOST.expectations).map((one) => ({
        ...one,
        what: cut(one.what),
        reason: cutSome(one.reason),
      })),
  };
  return Object.keys(leftOut).length === 0 ? bounded : { ...bounded, leftOut };
}
