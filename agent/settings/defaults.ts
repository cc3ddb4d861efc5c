import { isRecord } from "../lib/records.ts";

interface SchemaNode {
  readonly type?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

/** `value` with every default of the schema filled in. A key that is null counts as left out, as in Helm. */
export function withDefaults(schema: SchemaNode, value: unknown): unknown {
  const given = value ?? schema.default;
  // A short form, where the schema allows one beside the mapping.
  if (schema.properties === undefined || (Array.isArray(schema.type) && !isRecord(given))) return given;
  const record = isRecord(given) ? given : {};
  const filled = Object.entries(schema.properties).map(([key, child]) => [key, withDefaults(child, record[key])]);
  return { ...record, ...Object.fromEntries(filled) };
}
