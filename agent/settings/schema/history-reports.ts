import { KEPT } from "./patterns.ts";

export const reports = {
  type: "object",
  additionalProperties: false,
  description: "The reports of runs, which the database keeps beside the history.",
  properties: {
    keep: {
      type: "string",
      pattern: KEPT,
      default: "90d",
      description:
        "A run that changes something drops the reports of runs that ended longer ago: hours or days, 12h or 90d. Who ran what, when and with which outcome stays, and so does the SQL. Empty: reports are kept for ever.",
    },
  },
  default: {},
} as const;
