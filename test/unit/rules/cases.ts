import { describe, expect, it } from "vitest";
import type { Finding } from "../../../agent/rules/rule.ts";
import { findingsOf } from "./findings.ts";

const NEXT_FILE = "\n----\n";

/** Files of a set as one text, which a table can hold. */
export const files = (...parts: readonly string[]): string => parts.join(NEXT_FILE);

export const findingsIn = (set: string): readonly Finding[] => findingsOf(set.split(NEXT_FILE));

export const found = (set: string, rule: string): readonly Finding[] =>
  findingsIn(set).filter((finding) => finding.rule === rule);

/** A table that the set makes, and nobody uses yet. */
export const NEW = "CREATE TABLE t (id bigint PRIMARY KEY, a int, b int);\n";

/** By rule: sets in which it finds something, and sets in which it does not. */
type Cases = Readonly<Record<string, { readonly finds: readonly string[]; readonly silent: readonly string[] }>>;

export function describeCases(cases: Cases): void {
  for (const [rule, { finds, silent }] of Object.entries(cases)) {
    describe(`${rule} finds`, () => {
      it.each(finds)("%s", (set) => expect(found(set, rule)).not.toEqual([]));
    });
    describe(`${rule} finds nothing in`, () => {
      it.each(silent)("%s", (set) => expect(found(set, rule)).toEqual([]));
    });
  }
}
