import { readHeaders } from "../../../agent/migrations/headers.ts";
import { loadParser } from "../../../agent/migrations/parser.ts";
import type { Migration } from "../../../agent/migrations/types.ts";
import { lint, standing } from "../../../agent/rules/index.ts";
import type { Finding } from "../../../agent/rules/rule.ts";
import { trackMade } from "../../../agent/statements/made.ts";

const parse = await loadParser();

/** Findings of files that are one set; `down` is a way back that is known for each. */
export function findingsOf(files: readonly string[], down?: string): readonly Finding[] {
  const made = trackMade();
  const all = files.flatMap((sql) => {
    const file = "001_a.sql";
    const migration: Migration = {
      ...{ name: "001_a", paths: [], kind: "sql", checksum: "", up: { sql, file, line: 1 }, down, downAt: undefined },
      ...{ downKind: down === undefined ? "irreversible" : "stored", downTransaction: true, downEffects: undefined },
      ...readHeaders(sql, file, 1),
    };
    return lint({ migration, statements: parse({ sql, file, line: 1 }), ownSchema: "headgate", made });
  });
  return standing(all, made).flat();
}

/** The rules from 400 on that find something; one file for each string, with a way back that is known. */
export const rulesOf = (...files: readonly string[]): string[] =>
  findingsOf(files, "SELECT 1")
    .map(({ rule }) => rule)
    .filter((rule) => /^HG[4-8]/.test(rule));

export const NO_TRANSACTION = "-- headgate: no-transaction\n";
export const CONTRACT = "-- headgate: phase=contract\n";
