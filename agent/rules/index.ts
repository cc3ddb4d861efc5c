import { HG104 } from "./HG104.ts";
import { HG801 } from "./HG801.ts";
import { HG805 } from "./HG805.ts";
import { HG806 } from "./HG806.ts";
import { HG813 } from "./HG813.ts";
import type { Finding, Rule, Subject } from "./rule.ts";

/** Every rule. File name = rule id; a test compares this list with the folder. */
export const rules: readonly Rule[] = [HG104, HG801, HG805, HG806, HG813];

/** All findings of one migration, in the order of its statements. */
export const lint = (subject: Subject): Finding[][] =>
  subject.statements.map((statement) =>
    rules.flatMap((rule) => {
      const found = rule.check(statement, subject);
      return found === undefined ? [] : [{ rule: rule.id, risk: rule.risk, line: statement.line, ...found }];
    }),
  );
