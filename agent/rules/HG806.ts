import type { Rule } from "./rule.ts";

/** COPY from or to the client: there is no client with a file. */
export const HG806: Rule = {
  id: "HG806",
  risk: "high",
  acknowledgeable: false,
  check({ kind, node }) {
    if (kind !== "CopyStmt" || node.filename !== undefined) return undefined;
    return {
      danger: "COPY from STDIN or to STDOUT wants a client that holds the data; a migration has none",
      instead: "write the rows as INSERT statements, or COPY from a file or program on the server",
    };
  },
};
