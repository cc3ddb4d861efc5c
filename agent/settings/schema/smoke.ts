import { CATALOG_NAME, COLUMN_NAME, DURATION, FUNCTION_NAME } from "./patterns.ts";

const MIGRATION = { type: "string", default: "" } as const;

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
      items: {
        type: ["string", "object"],
        pattern: COLUMN_NAME,
        additionalProperties: false,
        required: ["column", "type"],
        properties: {
          column: { type: "string", pattern: COLUMN_NAME, description: "orders.total, shop.orders.total." },
          type: {
            type: "string",
            minLength: 1,
            description:
              "Its type in any of PostgreSQL's spellings; numeric fits numeric(12,2) too, and not the other way round.",
          },
        },
      },
      default: [],
      description: "Columns that have to be there: orders.total, or {column: orders.total, type: numeric(12,2)}.",
    },
    indexes: {
      type: "array",
      items: { type: "string", pattern: CATALOG_NAME },
      default: [],
      description: "Indexes that have to be there and valid.",
    },
    constraints: {
      type: "array",
      items: { type: "string", pattern: COLUMN_NAME },
      default: [],
      description:
        "Constraints that have to be there and validated, behind their table's name: orders.orders_total_check.",
    },
    extensions: {
      type: "array",
      items: {
        type: ["string", "object"],
        minLength: 1,
        additionalProperties: false,
        required: ["name", "version"],
        properties: {
          name: { type: "string", minLength: 1, description: "postgis." },
          version: { type: "string", minLength: 1, description: "The oldest version that will do: 3.4." },
        },
      },
      default: [],
      description: 'Extensions that have to be installed: pg_trgm, or {name: postgis, version: "3.4"} and later.',
    },
    functions: {
      type: "array",
      items: { type: "string", pattern: FUNCTION_NAME },
      default: [],
      description: "Functions, procedures or aggregates that have to be there: total_of, or total_of(integer, text).",
    },
    rows: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["table"],
        properties: {
          table: { type: "string", pattern: CATALOG_NAME, description: "orders, shop.orders." },
          atLeast: { type: "integer", minimum: 0, description: "So many rows, or more." },
          atMost: { type: "integer", minimum: 0, description: "So many rows, or fewer; no more are counted." },
        },
      },
      default: [],
      description: "How many rows a table has to have: {table: countries, atLeast: 200, atMost: 300}.",
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
      type: ["string", "object"],
      additionalProperties: false,
      properties: {
        atLeast: { ...MIGRATION, description: "This migration is applied." },
        exactly: { ...MIGRATION, description: "This migration is applied, and none that sorts after it." },
      },
      default: "",
      description:
        "Name of the migration that has to be applied: the schema is at this version or later. Or {exactly: NAME}: and none after it.",
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
