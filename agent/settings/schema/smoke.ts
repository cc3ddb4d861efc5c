import { CATALOG_NAME, DURATION } from "./patterns.ts";

export const smoke = {
  type: "object",
  additionalProperties: false,
  description: "What has to be true afterwards. Read-only, and all expectations report at once.",
  properties: {
    tables: {
      type: "array",
      items: { type: "string", pattern: CATALOG_NAME },
      default: [],
      description: "Tables or views that have to be there: orders, shop.orders.",
    },
    columns: {
      type: "array",
      items: { type: "string", pattern: '^[^\\s]+\\.([^".\\s]+|"[^"]+")$' },
      default: [],
      description: "Columns that have to be there: orders.total, shop.orders.total.",
    },
    indexes: {
      type: "array",
      items: { type: "string", pattern: CATALOG_NAME },
      default: [],
      description: "Indexes that have to be there and valid.",
    },
    queries: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["sql", "expect"],
        properties: {
          sql: { type: "string", minLength: 1, description: "One SELECT; its first column of its first row counts." },
          expect: {
            type: ["string", "number", "boolean", "null"],
            description: "The expected answer, compared as PostgreSQL's text; null for no row or NULL.",
          },
        },
      },
      default: [],
      description: "Queries and the answer each has to give.",
    },
    version: {
      type: "string",
      default: "",
      description: "Name of the migration that has to be applied: the schema is at this version or later.",
    },
    timeout: {
      type: "string",
      pattern: DURATION,
      default: "30s",
      description: "statement_timeout of each expectation.",
    },
  },
  default: {},
} as const;
