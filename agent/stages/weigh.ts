import type { Client } from "../postgres/client.ts";
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

/** The findings as this server's version and the size of its tables make them. Asks only when something was found. */
export async function weigh(
  planned: readonly PlannedMigration[],
  { client, version }: { readonly client: Client; readonly version: number },
): Promise<readonly PlannedMigration[]> {
  const tables = planned.flatMap(({ findings }) => findings.flat().flatMap(({ table }) => table ?? []));
  const sizes = await tableSizes(client, tables);
  return planned.map((one) => ({
    ...one,
    findings: one.findings.map((found) =>
      found.filter((finding) => isHere(finding, version)).map((finding) => lighter(finding, sizes)),
    ),
  }));
}
