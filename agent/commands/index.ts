import type { Command } from "./command.ts";

export interface Entry {
  readonly name: string;
  readonly describe: string;
  readonly load: () => Promise<Command>;
}

/** Each is loaded when it is asked for: a Job starts one of them. */
export const commands: readonly Entry[] = [
  { name: "new", describe: "start a migration file", load: async () => (await import("./new.ts")).newMigration },
  {
    name: "compile",
    describe: "check the migration files and write their manifest",
    load: async () => (await import("./compile.ts")).compile,
  },
  {
    name: "lint",
    describe: "what in the files is dangerous, and what to write instead",
    load: async () => (await import("./lint.ts")).lint,
  },
  {
    name: "plan",
    describe: "show what would be applied, and the locks it takes",
    load: async () => (await import("./plan.ts")).plan,
  },
  {
    name: "rehearse",
    describe: "try the migrations up, down and up again on a throwaway PostgreSQL",
    load: async () => (await import("./rehearse.ts")).rehearse,
  },
  {
    name: "status",
    describe: "show what is applied and what is pending",
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "wait",
    describe: "wait until the database answers and takes writes",
    load: async () => (await import("./wait.ts")).wait,
  },
  {
    name: "migrate",
    describe: "check, apply what is pending, verify, smoke-test",
    load: async () => (await import("./migrate.ts")).migrate,
  },
  {
    name: "revert",
    describe: "take migrations back, with the down SQL that the database keeps",
    load: async () => (await import("./revert.ts")).revert,
  },
  {
    name: "repair",
    describe: "show what stopped part-way, and settle it",
    load: async () => (await import("./repair.ts")).repair,
  },
  {
    name: "baseline",
    describe: "record that a database has migrations already",
    load: async () => (await import("./baseline.ts")).baseline,
  },
  {
    name: "backup",
    describe: "take, list, verify and restore copies of the database",
    load: async () => (await import("./backup.ts")).backup,
  },
  {
    name: "history",
    describe: "list what ran here, and what became of each migration",
    load: async () => (await import("./history.ts")).history,
  },
  {
    name: "report",
    describe: "tell a run from the database: text, HTML, markdown, JUnit, JSON, Prometheus",
    load: async () => (await import("./report.ts")).report,
  },
  {
    name: "verify",
    describe: "compare the database's history with the files",
    load: async () => (await import("./verify.ts")).verify,
  },
  {
    name: "smoke",
    describe: "test the expectations of the values",
    load: async () => (await import("./smoke.ts")).smoke,
  },
  {
    name: "doctor",
    describe: "run every preflight check, and change nothing",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  {
    name: "grants",
    describe: "print the SQL that gives a role the least it needs",
    load: async () => (await import("./grants.ts")).grants,
  },
  {
    name: "explain",
    describe: "explain an error, a rule or an exit code",
    load: async () => (await import("./explain.ts")).explain,
  },
];
