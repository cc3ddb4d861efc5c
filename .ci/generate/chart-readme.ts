import {
  agentEntries,
  allowedValues,
  chartEntries,
  childrenOf,
  type SchemaEntry,
  type SchemaNode,
} from "./schema-tree.ts";

/** The chart's README: the hand-written head with its two markers replaced by tables of the values. */
export function chartReadme(head: string): string {
  return head
    .replace("<!-- agent-values -->", () => table(agentEntries))
    .replace("<!-- chart-values -->", () => table(chartEntries));
}

function table(entries: readonly SchemaEntry[]): string {
  const rows = entries.flatMap((entry) => rowsOf(entry, ""));
  return ["| key | type | default | description |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function rowsOf([key, node]: SchemaEntry, parent: string): string[] {
  const path = parent === "" ? key : `${parent}.${key}`;
  const children = childrenOf(node);
  if (children.length === 0) return [row(path, node, code(JSON.stringify(node.default)))];
  return [row(path, node, ""), ...children.flatMap((child) => rowsOf(child, path))];
}

function row(path: string, node: SchemaNode, fallback: string): string {
  const allowed = allowedValues(node).map(code);
  const choice = allowed.length > 0 ? ` One of ${allowed.join(", ")}.` : "";
  const description = `${node.description ?? ""}${choice}`.replaceAll("|", "\\|");
  return `| ${code(path)} | ${typeName(node)} | ${fallback.replaceAll("|", "\\|")} | ${description} |`;
}

function typeName(node: SchemaNode): string {
  const name = [node.type ?? "any"].flat().join(" or ");
  return name === "array" && node.items?.type !== undefined ? `list of ${typeName(node.items)}` : name;
}

const code = (text: string): string => `\`${text}\``;
