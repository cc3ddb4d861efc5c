import type { ServerFacts } from "../postgres/session.ts";
import type { Check, Obstacle } from "./check.ts";

const OLDEST = 14;

/** What is wrong with a version of the server; undefined for one that will do. */
export function versionObstacle({
  version,
  versionText,
}: Pick<ServerFacts, "version" | "versionText">): Obstacle | undefined {
  if (version < OLDEST * 10_000) {
    return {
      what: `the server is PostgreSQL ${versionText}; Headgate needs ${OLDEST} or later`,
      fix: "upgrade the server: PostgreSQL 13 and older get no fixes any more",
    };
  }
  if (version >= 140_004) return undefined;
  return {
    severity: "warning",
    what: `the server is PostgreSQL ${versionText}, which may leave rows out of an index that is built CONCURRENTLY`,
    fix: "upgrade to 14.4 or later; then REINDEX INDEX CONCURRENTLY what was built so, or check it with amcheck",
  };
}

export const serverVersion: Check = {
  name: "server-version",
  run: ({ session: { facts } }) => versionObstacle(facts),
};
