import { stringify } from "yaml";
import {
  agentEntries,
  allowedValues,
  chartEntries,
  childrenOf,
  type SchemaEntry,
  type SchemaNode,
} from "./schema-tree.ts";

const WIDTH = 110;

const HEAD = `# Headgate's values, every key with its default.
# Generated from agent/settings/schema by .ci/generate.ts: a change belongs there.
`;
const AGENT = `# The agent's settings: they travel with the pod, and \`headgate plan -f values.yaml\` reads the same file.
# Every duration is a string: 500ms, 45s, 10m, 1h.
`;
const CHART = `# The chart's own keys: the agent passes over them.
`;

/** values.yaml: the agent's groups in the pipeline's order, then the chart's keys. */
export function valuesYaml(): string {
  return [HEAD, AGENT, ...agentEntries.map(topLevel), CHART, ...chartEntries.map(topLevel)].join("\n");
}

const topLevel = (entry: SchemaEntry): string => `${entryLines(entry, "").join("\n")}\n`;

function entryLines(entry: SchemaEntry, indent: string): string[] {
  const [key, node] = entry;
  const children = childrenOf(node);
  const value =
    children.length > 0
      ? [`${key}:`]
      : stringify({ [key]: node.default }, { lineWidth: 0 })
          .trim()
          .split("\n");
  return [
    ...comment(node, indent),
    ...value.map((line) => indent + line),
    ...children.flatMap((child) => entryLines(child, `${indent}  `)),
    ...example(entry, indent),
  ];
}

function comment(node: SchemaNode, indent: string): string[] {
  const allowed = allowedValues(node);
  const choice = allowed.length > 0 ? ` One of: ${allowed.join(", ")}.` : "";
  return wrap(`${node.description ?? ""}${choice}`, WIDTH - indent.length - 2).map((line) => `${indent}# ${line}`);
}

function example([key, node]: SchemaEntry, indent: string): string[] {
  if (node.examples?.[0] === undefined) return [];
  const lines = stringify({ [key]: node.examples[0] }, { lineWidth: 0 })
    .trim()
    .split("\n");
  return ["For example:", ...lines].map((line) => `${indent}# ${line}`);
}

/** Breaks a text between words, where a line would grow longer than `width`. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter((part) => part !== "")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
