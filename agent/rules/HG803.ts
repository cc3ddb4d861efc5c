import { type Hold, holdsOf } from "../statements/held.ts";
import type { Rule } from "./rule.ts";

/** A second table that is locked while the first one is held. */
export const HG803: Rule = {
  id: "HG803",
  risk: "medium",
  acknowledgeable: true,
  check(statement, subject) {
    const isClosed = ({ mode }: Hold): boolean => mode === "ACCESS EXCLUSIVE";
    const { locks } = subject.held;
    const first = locks.find(isClosed);
    // Told once, at the second table.
    if (first === undefined || locks.some((hold) => hold !== first && isClosed(hold))) return undefined;
    const next = holdsOf(statement, subject).find((hold) => isClosed(hold) && hold.table.sql !== first.table.sql);
    if (next === undefined) return undefined;
    const [one, other] = [first.table.sql, next.table.sql];
    return {
      danger: `nobody can read or write ${one} while the file waits for ${other} (ACCESS EXCLUSIVE lock), and a client that uses both in the other order ends in a deadlock`,
      instead: `a file for each table: ${one} is free again before ${other} is asked for`,
    };
  },
};
