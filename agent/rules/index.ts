import type { FileProblem } from "../migrations/problem.ts";
import type { Migration } from "../migrations/types.ts";
import { trackHeld } from "../statements/held.ts";
import { type Made, madeLongAgo } from "../statements/made.ts";
import { HG101 } from "./HG101.ts";
import { HG102 } from "./HG102.ts";
import { HG103 } from "./HG103.ts";
import { HG104 } from "./HG104.ts";
import { HG105 } from "./HG105.ts";
import { HG106 } from "./HG106.ts";
import { HG107 } from "./HG107.ts";
import { HG109 } from "./HG109.ts";
import { HG110 } from "./HG110.ts";
import { HG201 } from "./HG201.ts";
import { HG202 } from "./HG202.ts";
import { HG203 } from "./HG203.ts";
import { HG204 } from "./HG204.ts";
import { HG205 } from "./HG205.ts";
import { HG206 } from "./HG206.ts";
import { HG207 } from "./HG207.ts";
import { HG208 } from "./HG208.ts";
import { HG209 } from "./HG209.ts";
import { HG210 } from "./HG210.ts";
import { HG211 } from "./HG211.ts";
import { HG212 } from "./HG212.ts";
import { HG213 } from "./HG213.ts";
import { HG214 } from "./HG214.ts";
import { HG215 } from "./HG215.ts";
import { HG301 } from "./HG301.ts";
import { HG302 } from "./HG302.ts";
import { HG303 } from "./HG303.ts";
import { HG304 } from "./HG304.ts";
import { HG305 } from "./HG305.ts";
import { HG306 } from "./HG306.ts";
import { HG307 } from "./HG307.ts";
import { HG308 } from "./HG308.ts";
import { HG309 } from "./HG309.ts";
import { HG310 } from "./HG310.ts";
import { HG311 } from "./HG311.ts";
import { HG312 } from "./HG312.ts";
import { HG401 } from "./HG401.ts";
import { HG402 } from "./HG402.ts";
import { HG403 } from "./HG403.ts";
import { HG404 } from "./HG404.ts";
import { HG405 } from "./HG405.ts";
import { HG406 } from "./HG406.ts";
import { HG407 } from "./HG407.ts";
import { HG408 } from "./HG408.ts";
import { HG409 } from "./HG409.ts";
import { HG410 } from "./HG410.ts";
import { HG501 } from "./HG501.ts";
import { HG502 } from "./HG502.ts";
import { HG504 } from "./HG504.ts";
import { HG506 } from "./HG506.ts";
import { HG601 } from "./HG601.ts";
import { HG603 } from "./HG603.ts";
import { HG604 } from "./HG604.ts";
import { HG605 } from "./HG605.ts";
import { HG701 } from "./HG701.ts";
import { HG702 } from "./HG702.ts";
import { HG801 } from "./HG801.ts";
import { HG802 } from "./HG802.ts";
import { HG803 } from "./HG803.ts";
import { HG804 } from "./HG804.ts";
import { HG805 } from "./HG805.ts";
import { HG806 } from "./HG806.ts";
import { HG807 } from "./HG807.ts";
import { HG808 } from "./HG808.ts";
import { HG810 } from "./HG810.ts";
import { HG812 } from "./HG812.ts";
import { HG813 } from "./HG813.ts";
import { HG814 } from "./HG814.ts";
import { HG815 } from "./HG815.ts";
import type { FileRule, Finding, Others, Rule, Subject, TextRule } from "./rule.ts";

type One = Rule | FileRule | TextRule;

/** Every rule. File name = rule id; a test compares this list with the folder. */
export const rules: readonly One[] = [
  ...[HG101, HG102, HG103, HG104, HG105, HG106, HG107, HG109, HG110],
  ...[HG201, HG202, HG203, HG204, HG205, HG206, HG207, HG208, HG209, HG210, HG211, HG212, HG213, HG214, HG215],
  ...[HG301, HG302, HG303, HG304, HG305, HG306, HG307, HG308, HG309, HG310, HG311, HG312],
  ...[HG401, HG402, HG403, HG404, HG405, HG406, HG407, HG408, HG409, HG410],
  ...[HG501, HG502, HG504, HG506],
  ...[HG601, HG603, HG604, HG605],
  ...[HG701, HG702],
  ...[HG801, HG802, HG803, HG804, HG805, HG806, HG807, HG808, HG810, HG812, HG813, HG814, HG815],
];

const named = ({ id, risk, acknowledgeable }: One, { allowed }: Migration) => ({
  ...{ rule: id, risk, acceptable: acknowledgeable },
  accepted: acknowledgeable ? allowed.find(({ rule }) => rule === id)?.reason : undefined,
});

const ofStatements = (subject: Subject): Finding[][] => {
  const judged = { ...subject, held: trackHeld(subject) };
  return subject.statements.map((statement) => {
    const found = rules.flatMap((rule) => {
      const all = "check" in rule ? (rule.check(statement, judged) ?? []) : [];
      return [all].flat().map((one) => ({ ...named(rule, subject.migration), line: statement.line, ...one }));
    });
    judged.held.note(statement);
    subject.made.note(statement);
    return found;
  });
};

const byFileRules = (subject: Subject, others: Others): Finding[] =>
  rules.flatMap((rule) =>
    "checkFile" in rule
      ? rule.checkFile(subject, others).map((one) => ({ ...named(rule, subject.migration), ...one }))
      : [],
  );

const ofFile = (subject: Subject): Finding[] => {
  const isRule = (id: string) => rules.some((rule) => rule.id === id);
  let found: ReadonlySet<string> | undefined;
  const findAlone = (): Finding[] => {
    const alone = () => ({ ...subject, made: madeLongAgo(subject.made) });
    const ofRules = byFileRules(alone(), { isRule, foundAlone: () => new Set() });
    return [...ofRules, ...ofStatements(alone()).flat()];
  };
  const foundAlone = () => {
    found ??= new Set(findAlone().map(({ rule }) => rule));
    return found;
  };
  return byFileRules(subject, { isRule, foundAlone });
};

/** All findings of one migration, in the order of its statements, those of the file with the first; `made` takes in what they make. */
export function lint(subject: Subject): Finding[][] {
  // First, while only what the files before this one make is noted.
  const found = ofFile(subject);
  const [first = [], ...rest] = ofStatements(subject);
  return [[...found, ...first], ...rest];
}

/** Without the findings about which a statement after theirs has done something; asked when all of the set is noted. */
export const standing = (findings: readonly (readonly Finding[])[], made: Made): Finding[][] =>
  findings.map((found) =>
    found.filter(({ unless }) => unless === undefined || !made.settled(unless)).map(({ unless: _, ...rest }) => rest),
  );

/** The one finding of a file that does not parse and is accepted so; undefined when nobody accepts it. */
export function acceptedUnread(migration: Migration, problem: FileProblem): Finding | undefined {
  const finding = { ...named(HG807, migration), line: problem.line, ...HG807.checkText(problem) };
  return finding.accepted === undefined ? undefined : finding;
}
