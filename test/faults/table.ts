import { faultKinds } from "./fault-kinds.ts";
import { scenarios } from "./scenarios.ts";
import type { Tally } from "./tally.ts";

export interface Sheet {
  readonly tallies: readonly Tally[];
  readonly seed: string;
  readonly headgate: string;
  readonly seconds: number;
}

/** A Markdown table whose columns are also straight in a terminal. */
function grid(lines: readonly (readonly string[])[]): string {
  const [head = []] = lines;
  const widths = head.map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)));
  const row = (line: readonly string[]): string =>
    `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [row(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...lines.slice(1).map(row)].join(
    "\n",
  );
}

function caseLines(tally: Tally): string[][] {
  const counts = (scenario: string) => faultKinds.map(({ name }) => heldOf(tally.cells.get(`${scenario} ${name}`)));
  return scenarios
    .map(({ name }) => [tally.serverVersion, name, ...counts(name)])
    .filter((line) => line.slice(2).some((text) => text !== "–"));
}

const heldOf = (cell: { held: number; cases: number } | undefined): string =>
  cell === undefined ? "–" : `${cell.held} of ${cell.cases}`;

const HEAD = [
  "PostgreSQL",
  "random kills",
  "lost",
  "doubled",
  "COMMIT never arrived",
  "its answer lost",
  "wrong verdicts",
  "agents at once",
  "failure behind a pipeline",
];

function totalLine({ serverVersion, kills, answers, crowd, cells }: Tally): string[] {
  const share = kills.done === 0 ? 0 : Math.round((100 * kills.midRun) / kills.done);
  return [
    serverVersion,
    kills.done === 0 ? "–" : `${kills.done}, ${share} % mid-run`,
    String(kills.lost),
    String(kills.doubled),
    String(answers.neverArrived),
    String(answers.answerLost),
    String(answers.wrong),
    crowd.rounds === 0 ? "–" : `${crowd.rounds} × ${crowd.agents}, ${crowd.wrong} wrong`,
    heldOf(cells.get("stumble")),
  ];
}

function voidLines(tallies: readonly Tally[]): string[] {
  const [tally] = tallies;
  return [...(tally?.voids ?? [])].map(([reason, count]) => `- ${count}: ${reason}`);
}

/** The sweep's result: cases that held of those tried, totals, and what was left out. */
export function renderTable({ tallies, seed, headgate, seconds }: Sheet): string {
  const cases = tallies.flatMap(caseLines);
  const sections = [
    `Seed ${seed} · Headgate ${headgate} · Node ${process.versions.node} · ${Math.round(seconds)} s`,
    ...(cases.length === 0
      ? []
      : [grid([["PostgreSQL", "scenario", ...faultKinds.map((kind) => kind.title)], ...cases])]),
    grid([HEAD, ...tallies.map(totalLine)]),
    ...(cases.length === 0 ? [] : [["Pairs left out:", ...voidLines(tallies)].join("\n")]),
  ];
  return sections.join("\n\n");
}
