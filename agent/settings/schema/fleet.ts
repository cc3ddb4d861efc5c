import { IDENTIFIER } from "./patterns.ts";

/** One set of migrations for many schemas: an application that keeps each customer in a schema of its own. */
export const fleet = {
  type: "object",
  additionalProperties: false,
  description: "The same migrations in many schemas of one database, one schema after the other.",
  properties: {
    schemas: {
      type: "array",
      items: { type: "string", pattern: IDENTIFIER },
      uniqueItems: true,
      default: [],
      description:
        "The schemas, in the order in which they are migrated. Each stands before database.searchPath and has a history of its own. Empty: there is no fleet.",
    },
    query: {
      type: "string",
      default: "",
      description:
        "Instead of schemas: SQL whose first column names them, one a row, in their order. It runs in a transaction that only reads.",
    },
    onFailure: {
      type: "string",
      enum: ["stop", "continue"],
      default: "stop",
      description:
        "When a migration fails in one schema. stop: the schemas after it are not begun. continue: they are migrated all the same, and the run fails at its end.",
    },
  },
  default: {},
} as const;
