import type { FileRule } from "./rule.ts";

const DOWN = /^\s*--[\s-]*down\s+migration/im;

/** A way back that belongs to the way up: node-pg-migrate reads sections from the first marker on, and there is none. */
export const HG815: FileRule = {
  id: "HG815",
  risk: "high",
  acknowledgeable: true,
  checkFile({ migration: { up } }) {
    const found = up === undefined ? null : DOWN.exec(up.sql);
    if (up === undefined || found === null) return [];
    const lead = found[0].length - found[0].trimStart().length;
    const before = up.sql.slice(0, found.index + lead);
    return [
      {
        line: up.line === undefined ? undefined : up.line + before.split("\n").length - 1,
        danger:
          "without a line -- Up Migration before it the whole file is the way up: what is below runs at once, after what is above",
        instead: "a line -- Up Migration at the top of the file",
      },
    ];
  },
};
