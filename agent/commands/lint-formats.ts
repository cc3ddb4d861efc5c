import { count } from "../lib/count.ts";
import { plainMarkdown, plainTerminal } from "../lib/plain.ts";
import { rules } from "../rules/index.ts";
import type { Finding, Risk } from "../rules/rule.ts";
import { agentVersion } from "./version.ts";

/** A finding and where it is. */
export interface Linted extends Finding {
  readonly file: string;
  /** The line itself. */
  readonly source: string | undefined;
}

const placeOf = ({ file, line }: Linted): string => (line === undefined ? file : `${file}:${line}`);

function excerpt({ line, source }: Linted): string[] {
  if (line === undefined || source === undefined) return [];
  const gutter = `  ${line} | `;
  const at = Math.max(0, source.search(/\S/));
  return [`${gutter}${source}`, `${" ".repeat(gutter.length - 2)}| ${" ".repeat(at)}^`];
}

const describe = (found: Linted): string =>
  [
    `${placeOf(found)}: ${found.rule} ${found.accepted === undefined ? found.risk : `accepted (${found.accepted})`}: ${found.danger}`,
    ...excerpt(found),
    `  instead: ${found.instead}`,
    ...(found.accepted === undefined && found.acceptable
      ? [
          `  or accept it on purpose: -- headgate: allow ${found.rule} reason="..."; more: headgate explain ${found.rule}`,
        ]
      : []),
  ].join("\n");

function human(all: readonly Linted[]): string {
  if (all.length === 0) return "no finding\n";
  const open = all.filter((one) => one.accepted === undefined).length;
  const end = `${count(all.length, "finding")}${open === all.length ? "" : `, ${all.length - open} of them accepted`}`;
  return plainTerminal(`${[...all.map(describe), end].join("\n\n")}\n`);
}

const json = (all: readonly Linted[]): string =>
  `${JSON.stringify({ findings: all.map(({ source: _source, accepted, ...rest }) => ({ ...rest, accepted: accepted ?? null })) })}\n`;

const LEVELS: Readonly<Record<Risk, string>> = { low: "note", medium: "warning", high: "error" };

const location = ({ file, line }: Linted) => ({
  physicalLocation: {
    artifactLocation: { uri: file.split("/").map(encodeURIComponent).join("/") },
    ...(line === undefined ? {} : { region: { startLine: line } }),
  },
});

/** SARIF 2.1.0, which code scanners read. */
const sarif = (all: readonly Linted[]): string =>
  `${JSON.stringify({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "headgate", version: agentVersion, rules: rules.map(({ id }) => ({ id })) } },
        results: all.map((one) => ({
          ruleId: one.rule,
          level: LEVELS[one.risk],
          message: { text: `${one.danger}; ${one.instead}` },
          locations: [location(one)],
          ...(one.accepted === undefined
            ? {}
            : {
                suppressions: [
                  // The values are not the file that the finding is in.
                  { kind: one.accepted === "plan.allow" ? "external" : "inSource", justification: one.accepted },
                ],
              }),
        })),
      },
    ],
  })}\n`;

const row = (one: Linted): string =>
  `| ${[placeOf(one), `${one.rule} ${one.accepted === undefined ? one.risk : "accepted"}`, one.danger, one.instead].map(plainMarkdown).join(" | ")} |`;

/** For a comment on a pull request. */
const markdown = (all: readonly Linted[]): string =>
  all.length === 0
    ? "Headgate: no finding.\n"
    : `## Headgate: ${count(all.length, "finding")}\n\n| where | rule | danger | instead |\n| --- | --- | --- | --- |\n${all.map(row).join("\n")}\n`;

export const lintFormats: Readonly<Record<string, (all: readonly Linted[]) => string>> = {
  human,
  json,
  sarif,
  markdown,
};
