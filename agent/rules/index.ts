import { HG101 } from "./HG101.ts";
import { HG104 } from "./HG104.ts";
import { HG211 } from "./HG211.ts";
import { HG801 } from "./HG801.ts";
import { HG805 } from "./HG805.ts";
import { HG806 } from "./HG806.ts";
import { HG813 } from "./HG813.ts";
import type { Finding, Rule, Subject } from "./rule.ts";

/** Every rule. File name = rule id; a test compares this list with the folder. */
export const rules: readonly Rule[] = [HG101, HG104, HG211, HG801, HG805, HG806, HG813];

/** Whether somebody may take the risk on purpose. */
export const isAcceptable = (id: string): boolean => rules.find((rule) => rule.id === id)?.acknowledgeable === true;

/** All findings of one migration, in the order of its statements; `made` takes in what they make. */
export const lint = (subject: Subject): Finding[][] =>
  subject.statements.map((statement) => {
    const found = rules.flatMap((rule) => {
      const one = rule.check(statement, subject);
      return one === undefined ? [] : [{ rule: rule.id, risk: rule.risk, line: statement.line, ...one }];
    });
    subject.made.note(statement);
    return found;
  });
