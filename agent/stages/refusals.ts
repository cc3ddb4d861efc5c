import { HeadgateError } from "../errors/headgate-error.ts";
import type { Entry } from "../history/state.ts";
import { samePrefix } from "../migrations/listing.ts";
import { badFiles } from "../migrations/problem.ts";
import type { MigrationFile } from "../migrations/types.ts";
import type { RiskTaken } from "../report/report.ts";
import { type Bar, type Finding, reaches } from "../rules/rule.ts";
import type { Plan, PlannedMigration } from "./state.ts";

const UNTOUCHED = "nothing was changed";

const short = (checksum: string | null): string => (checksum ?? "unknown").slice(0, 12);

/** Refuses a state of things in which nothing may be applied. The first that holds is told, with all its names. */
export function refuseBadState({ comparison, back }: Plan, outOfOrder: "refuse" | "allow"): void {
  const { changed, missing, unfinished, pending } = comparison;
  const goesBack = new Set(back.returns.map((down) => down.name));
  const goesOn = (entry: Entry) =>
    goesBack.has(entry.name) ||
    (entry.state === "running" && pending.some((file) => file.name === entry.name && file.checksum === entry.checksum));
  const stuck = unfinished.filter((entry) => !goesOn(entry));
  if (stuck.length > 0) {
    throw new HeadgateError("needs-attention", {
      what: `${stuck.map((entry) => entry.name).join(", ")} stopped part-way in an earlier run`,
      details: stuck.map((entry) => `${entry.name}: ${entry.state}, ${entry.step} statements done`),
      stands: "nothing was changed by this run",
      fix: "headgate repair shows how far it got and settles it",
    });
  }
  if (changed.length > 0) {
    throw new HeadgateError("migration-edited", {
      what: `${changed.map(({ file }) => file.name).join(", ")}: changed after it was applied`,
      details: changed.map(
        ({ file, entry }) =>
          `${file.name}: applied as ${short(entry.checksum)} on ${entry.appliedAt}, now ${short(file.checksum)}`,
      ),
      stands: UNTOUCHED,
    });
  }
  if (missing.length > 0) {
    throw new HeadgateError("migration-missing", {
      what: `${missing.map((entry) => entry.name).join(", ")}: applied, and missing from the files`,
      stands: UNTOUCHED,
    });
  }
  if (outOfOrder === "refuse" && comparison.outOfOrder.length > 0) {
    throw new HeadgateError("out-of-order", {
      what: comparison.outOfOrder
        .map(({ file, after }) => `${file.name} comes before ${after}, which is applied`)
        .join("; "),
      stands: UNTOUCHED,
    });
  }
}

/** Refuses two files with one number when one of them is still to be applied: their order would hang on chance. */
export function refuseSamePrefix(
  files: readonly MigrationFile[],
  pending: readonly MigrationFile[],
  dir: string,
): void {
  if (pending.length === 0) return;
  const open = new Set(pending.map((file) => file.name));
  const groups = samePrefix(files).filter((group) => group.some((file) => open.has(file.name)));
  if (groups.length === 0) return;
  throw badFiles(
    groups.map((group) => ({
      file: group.map((file) => file.name).join(" and "),
      text: "share a number, so nothing says which comes first: renumber the one that is not applied yet",
    })),
    dir,
  );
}

interface Place {
  readonly migration: string;
  /** Base name. */
  readonly file: string;
  readonly finding: Finding;
}

const placed = ({ migration, findings, downFindings }: PlannedMigration): Place[] => {
  // Most have none, and what else there is of a migration may have to be read for it.
  if (downFindings.length === 0 && findings.every((found) => found.length === 0)) return [];
  const { up, downAt, name } = migration;
  const inFile = (file: string | undefined, found: readonly Finding[]): Place[] =>
    found.map((finding) => ({ migration: name, file: file ?? name, finding }));
  return [...inFile(up?.file, findings.flat()), ...inFile(downAt?.file ?? up?.file, downFindings)];
};

const isRefused =
  (bar: Bar) =>
  ({ finding: { acceptable, accepted, risk } }: Place): boolean =>
    !acceptable || (accepted === undefined && reaches(risk, bar));

/** One as it is printed, with the ways out of it. */
function describe({ file, finding }: Place): string[] {
  const { line, rule, risk, acceptable, danger, instead } = finding;
  return [
    `${file}${line === undefined ? "" : `:${line}`} ${rule}${acceptable ? ` ${risk}` : ""}: ${danger}`,
    `  instead: ${instead}`,
    ...(acceptable ? [`  or accept it on purpose, in the file: -- headgate: allow ${rule} reason="..."`] : []),
  ];
}

/** Refuses what cannot work at all, and each risk at or above the bar that nobody has accepted. */
export function refuseUnsafe(planned: readonly PlannedMigration[], bar: Bar): void {
  const refused = planned.flatMap(placed).filter(isRefused(bar));
  if (refused.length === 0) return;
  throw new HeadgateError("unsafe-migration", {
    what: `${refused.length === 1 ? "a finding" : `${refused.length} findings`} in ${[...new Set(refused.map(({ file }) => file))].join(", ")}`,
    details: refused.flatMap(describe),
    stands: UNTOUCHED,
  });
}

/** The risks that a run takes after all: accepted, or let through because the bar is lower than they are high. */
export function risksTaken(planned: readonly PlannedMigration[], bar: Bar): RiskTaken[] {
  const isTaken = ({ finding }: Place) => finding.acceptable && reaches(finding.risk, bar === "never" ? "high" : bar);
  return planned
    .flatMap(placed)
    .filter(isTaken)
    .map(({ migration, finding: { rule, risk, line, danger, accepted } }) => {
      return { migration, rule, risk, line, danger, accepted };
    });
}
