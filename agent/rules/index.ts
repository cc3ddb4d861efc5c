import type { FileProblem } from "../migrations/problem.ts";
import type { Migration } from "../migrations/types.ts";
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
import { HG807 } from "./HG807.ts";
import { HG813 } from "./HG813.ts";
import { HG814 } from "./HG814.ts";
import { type Made, trackMade } from "./made.ts";
import type { FileRule, Finding, Rule, Subject, TextRule } from "./rule.ts";

type One = Rule | FileRule | TextRule;

/** Every rule. File name = rule id; a test compares this list with the folder. */
export const rules: readonly One[] = [
  ...[HG101, HG102, HG103, HG104, HG105, HG109],
  ...[HG201, HG202, HG203, HG204, HG205, HG206, HG209, HG210, HG211, HG212],
  ...[HG301, HG302, HG303, HG305, HG306],
  ...[HG401, HG402, HG403, HG404, HG405, HG406, HG407],
  ...[HG501],
  ...[HG603],
  ...[HG701],
  ...[HG801, HG805, HG806, HG807, HG813, HG814],
];

const named = ({ id, risk, acknowledgeable }: One, { allowed }: Migration) => ({
  ...{ rule: id, risk, acceptable: acknowledgeable },
  accepted: acknowledgeable ? allowed.find(({ rule }) => rule === id)?.reason : undefined,
});

const ofStatements = (subject: Subject): Finding[][] =>
  subject.statements.map((statement) => {
    const found = rules.flatMap((rule) => {
      const one = "check" in rule ? rule.check(statement, subject) : undefined;
      return one === undefined ? [] : [{ ...named(rule, subject.migration), line: statement.line, ...one }];
    });
    subject.made.note(statement);
    return found;
  });

const ofFile = (subject: Subject): Finding[] => {
  let found: ReadonlySet<string> | undefined;
  const foundAlone = () => {
    found ??= new Set(ofStatements({ ...subject, made: trackMade() }).flatMap((all) => all.map(({ rule }) => rule)));
    return found;
  };
  const isRule = (id: string) => rules.some((rule) => rule.id === id);
  return rules.flatMap((rule) =>
    "checkFile" in rule
      ? rule.checkFile(subject, { isRule, foundAlone }).map((one) => ({ ...named(rule, subject.migration), ...one }))
      : [],
  );
};

/** All findings of one migration, in the order of its statements, those of the file with the first; `made` takes in what they make. */
export function lint(subject: Subject): Finding[][] {
  const [first = [], ...rest] = ofStatements(subject);
  return [[...ofFile(subject), ...first], ...rest];
}

/** Without the findings about which a statement after theirs has done something; asked when all of the set is noted. */
export const standing = (findings: readonly (readonly Finding[])[], made: Made): Finding[][] =>
  findings.map((found) => found.filter(({ unless }) => unless === undefined || !made.settled(unless)));

/** The one finding of a file that does not parse and is accepted so; undefined when nobody accepts it. */
export function acceptedUnread(migration: Migration, problem: FileProblem): Finding | undefined {
  const finding = { ...named(HG807, migration), line: problem.line, ...HG807.checkText(problem) };
  return finding.accepted === undefined ? undefined : finding;
}
