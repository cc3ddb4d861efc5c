import { agentGroups, valuesSchema } from "../../agent/settings/schema/index.ts";

/** A node of the values' JSON Schema, as far as documentation reads it. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
}

export type SchemaEntry = readonly [key: string, node: SchemaNode];

const all: Readonly<Record<string, SchemaNode>> = valuesSchema.properties;

/** The groups that travel with the pod, in the pipeline's order. */
export const agentEntries: readonly SchemaEntry[] = Object.entries(all).filter(([key]) => key in agentGroups);

/** The keys that are the chart's alone. */
export const chartEntries: readonly SchemaEntry[] = Object.entries(all).filter(([key]) => !(key in agentGroups));

/** An object whose keys are declared, so that each has a default and a description of its own. */
export function childrenOf(node: SchemaNode): readonly SchemaEntry[] {
  return typeof node.type === "object" ? [] : Object.entries(node.properties ?? {});
}

/** The values that an enum allows, as people write them. */
export function allowedValues(node: SchemaNode): readonly string[] {
  const values = node.enum ?? node.items?.enum ?? [];
  return values.map((value) => (value === "" ? '""' : String(value)));
}
