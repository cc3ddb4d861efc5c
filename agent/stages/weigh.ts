import type { Session } from "../postgres/session.ts";
import { type TableSize, tableSizes } from "../postgres/table-size.ts";
import { type Finding, RISKS, type Risk } from "../rules/rule.ts";
import type { PlannedMigration } from "./state.ts";

/** A table of fewer rows is read or written anew in a moment. */
const FEW_ROWS = 10_000;

const isHere = ({ servers }: Finding, version: number): boolean =>
  version >= (servers?.from ?? 0) && version < (servers?.below ?? Number.POSITIVE_INFINITY);

const stepDown = (risk: Risk): Risk => RISKS[Math.max(0, RISKS.indexOf(risk) - 1)] ?? risk;

function lighter(finding: Finding, sizes: ReadonlyMap<string, TableSize | undefined>): Finding {
  const rows = finding.table === undefined ? undefined : sizes.get(finding.table)?.rows;
  // Rows that nobody has counted may be many.
  return typeof rows === "number" && rows < FEW_ROWS ? { ...finding, risk: stepDown(finding.risk) } : finding;
}

/** True for a statement of which the catalog knows that it writes no table anew. */
type Spares = (migration: number, statement: number) => boolean;

async function sparing(planned: readonly PlannedMigration[], session: Session): Promise<Spares> {
  const asks = planned.some(({ findings }) =>
    findings.some((found) => found.some((one) => one.ifRewritten !== undefined)),
  );
  if (!asks) return () => false;
  const { forecast } = await import("./forecast.ts");
  const forecasts = await forecast({ migrations: planned }, session);
  return (migration, statement) => forecasts[migration]?.statements?.[statement]?.rewrites === false;
}

/** The findings as this server's version, its catalog and the size of its tables make them. Asks only when something was found. */
export async function weigh(
  planned: readonly PlannedMigration[],
  session: Session,
): Promise<readonly PlannedMigration[]> {
  const tables = planned.flatMap(({ findings }) => findings.flat().flatMap(({ table }) => table ?? []));
  const [sizes, spares] = await Promise.all([tableSizes(session, tables), sparing(planned, session)]);
  return planned.map((one, migration) => {
    if (one.findings.length === 0) return one;
    const findings = one.findings.map((found, statement) =>
      found
        .filter((finding) => isHere(finding, session.facts.version))
        .filter((finding) => finding.ifRewritten === undefined || !spares(migration, statement))
        .map((finding) => lighter({ ...finding, risk: finding.ifRewritten ?? finding.risk }, sizes)),
    );
    return { ...one, findings };
  });
}
