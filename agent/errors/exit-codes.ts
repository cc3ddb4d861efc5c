/** What each exit code means, whether the database changed, and what the Job does about it. */
export const exitCodes = {
  0: { name: "done", meaning: "done, or nothing to do", changed: "as reported", job: "complete" },
  1: {
    name: "configuration",
    meaning: "settings, files, credentials, privileges or TLS are wrong",
    changed: "no",
    job: "fails at once",
  },
  2: { name: "connection", meaning: "the database was not reachable in time", changed: "no", job: "tries again" },
  3: {
    name: "validation",
    meaning: "preflight, plan, policy or a smoke expectation says no",
    changed: "not by this step",
    job: "fails at once",
  },
  4: {
    name: "busy",
    meaning: "another run holds the lock, or table locks were not to be had in time",
    changed: "no, or as listed",
    job: "tries again",
  },
  5: {
    name: "backup failed",
    meaning: "a backup was not made, not restored, or is not whole",
    changed: "no",
    job: "tries again",
  },
  6: {
    name: "migration failed",
    meaning: "a migration failed and was rolled back",
    changed: "earlier ones may stand, they are listed",
    job: "fails at once",
  },
  7: {
    name: "needs attention",
    meaning: "a migration stopped part-way",
    changed: "yes",
    job: "fails at once",
  },
  8: {
    name: "verify failed",
    meaning: "after the commit the database is not what the plan says",
    changed: "yes",
    job: "fails at once",
  },
  70: { name: "bug", meaning: "a bug in Headgate", changed: "the report says", job: "fails at once" },
  143: {
    name: "stopped",
    meaning: "told to stop, stopped cleanly",
    changed: "as listed",
    job: "not counted when it was a disruption",
  },
} as const;

export type ExitCode = keyof typeof exitCodes;
