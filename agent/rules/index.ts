import { HG101 } from "./HG101.ts";
import { HG102 } from "./HG102.ts";
import { HG103 } from "./HG103.ts";
import { HG104 } from "./HG104.ts";
import { HG105 } from "./HG105.ts";
import { HG109 } from "./HG109.ts";
import { HG201 } from "./HG201.ts";
import { HG202 } from "./HG202.ts";
import { HG203 } from "./HG203.ts";
import { HG204 } from "./HG204.ts";
import { HG205 } from "./HG205.ts";
import { HG206 } from "./HG206.ts";
import { HG209 } from "./HG209.ts";
import { HG210 } from "./HG210.ts";
import { HG211 } from "./HG211.ts";
import { HG212 } from "./HG212.ts";
import { HG301 } from "./HG301.ts";
import { HG302 } from "./HG302.ts";
import { HG303 } from "./HG303.ts";
import { HG305 } from "./HG305.ts";
import { HG306 } from "./HG306.ts";
import { HG401 } from "./HG401.ts";
import { HG402 } from "./HG402.ts";
import { HG403 } from "./HG403.ts";
import { HG404 } from "./HG404.ts";
import { HG405 } from "./HG405.ts";
import { HG406 } from "./HG406.ts";
import { HG407 } from "./HG407.ts";
import { HG501 } from "./HG501.ts";
import { HG603 } from "./HG603.ts";
import { HG701 } from "./HG701.ts";
import { HG801 } from "./HG801.ts";
import { HG805 } from "./HG805.ts";
import { HG806 } from "./HG806.ts";
import { HG813 } from "./HG813.ts";
import type { Finding, Rule, Subject } from "./rule.ts";

/** Every rule. File name = rule id; a test compares this list with the folder. */
export const rules: readonly Rule[] = [
  ...[HG101, HG102, HG103, HG104, HG105, HG109],
  ...[HG201, HG202, HG203, HG204, HG205, HG206, HG209, HG210, HG211, HG212],
  ...[HG301, HG302, HG303, HG305, HG306],
  ...[HG401, HG402, HG403, HG404, HG405, HG406, HG407],
  ...[HG501],
  ...[HG603],
  ...[HG701],
  ...[HG801, HG805, HG806, HG813],
];

/** All findings of one migration, in the order of its statements; `made` takes in what they make. */
export const lint = (subject: Subject): Finding[][] =>
  subject.statements.map((statement) => {
    const found = rules.flatMap((rule) => {
      const one = rule.check(statement, subject);
      const { id, risk, acknowledgeable: acceptable } = rule;
      return one === undefined ? [] : [{ rule: id, risk, acceptable, line: statement.line, ...one }];
    });
    subject.made.note(statement);
    return found;
  });
