import type { Check } from "./check.ts";

const OLDEST = 14;

export const serverVersion: Check = {
  name: "server-version",
  run: ({ session: { facts } }) =>
    facts.version >= OLDEST * 10_000
      ? undefined
      : {
          what: `the server is PostgreSQL ${facts.versionText}; Headgate needs ${OLDEST} or later`,
          fix: "upgrade the server: PostgreSQL 13 and older get no fixes any more",
        },
};
