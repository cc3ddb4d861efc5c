import { type Held, type Hold, holdsOf } from "../statements/held.ts";
import type { Rule } from "./rule.ts";

/** Files in which it has been told: once is enough, at the second table. */
const told = new WeakSet<Held>();

/** A second table that is locked while the first one is held. */
export const HG803: Rule = {
  id: "HG803",
  risk: "medium",
  acknowledgeable: true,
  check(statement, subject) {
    const isClosed = ({ mode }: Pick<Hold, "mode">): boolean => mode === "ACCESS EXCLUSIVE";
    const { locks } = subject.held;
    const first = locks.find(isClosed);
    if (first === undefined || told.has(subject.held)) return undefined;
    const next = holdsOf(statement, subject).find((hold) => isClosed(hold) && hold.table.sql !== first.table.sql);
    if (next === undefined) return undefined;
    told.add(subject.held);
    const [one, other] = [first.table.sql, next.table.sql];
    return {
      danger: `nobody can read or write ${one} while the file waits for ${other} (ACCESS EXCLUSIVE lock), and a client that uses both in the other order ends in a deadlock`,
      instead: `a file for each table: ${one} is free again before ${other} is asked for`,
    };
  },
};
