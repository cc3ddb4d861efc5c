import type { Names } from "../history/schema.ts";
import type { Statement } from "../migrations/parser.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { WorkItem } from "./work.ts";

interface Stop {
  /** Number of statements that are done. */
  readonly step: number;
  /** The next run can go on by itself once the cause is gone. */
  readonly resumable: boolean;
}

/** A statement to be copied; on a line of its own, so that a comment at its end does not swallow the semicolon. */
export const printable = ({ sql }: Statement): string => `    ${sql.replaceAll("\n", "\n    ")}\n    ;`;

/** What to do about a migration that stopped part-way, with the exact SQL; several lines. */
export function wayOut(names: Names, item: WorkItem, { step, resumable }: Stop): string {
  const { name, direction } = item;
  const rest = (item.statements() ?? []).slice(step).map(printable);
  const [finished, undone] = direction === "up" ? ["--applied", "--pending"] : ["--pending", "--applied"];
  return [
    ...(resumable ? [`mend the cause and run again: it goes on with statement ${step + 1}`] : []),
    `${resumable ? "or " : ""}run the rest by hand, then record it with: headgate repair ${name} ${finished} --yes`,
    ...rest,
    `or take back what is committed by hand, then record it with: headgate repair ${name} ${undone} --yes`,
    `its row: SELECT * FROM ${names.history} WHERE target = ${names.target} AND name = ${quoteLiteral(name)}`,
  ].join("\n");
}
