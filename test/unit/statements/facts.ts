import { beforeAll } from "vitest";
import { loadParser, type Parse } from "../../../agent/migrations/parser.ts";
import { type LockFact, lockOf } from "../../../agent/statements/locks.ts";

interface Facts {
  readonly parse: (sql: string) => ReturnType<Parse>;
  /** What is known of the lock of a text's first statement. */
  readonly factOf: (sql: string, world?: Parameters<typeof lockOf>[1]) => LockFact;
}

/** The parser is loaded once for a file of tests. */
export function useFacts(): Facts {
  let loaded: Parse;
  beforeAll(async () => {
    loaded = await loadParser();
  });
  const parse: Facts["parse"] = (sql) => loaded({ sql, file: "a.sql", line: 1 });
  return {
    parse,
    factOf(sql, world = {}) {
      const [statement] = parse(sql);
      if (statement === undefined) throw new Error(`no statement: ${sql}`);
      return lockOf(statement, world);
    },
  };
}
