import { backup } from "./backup.ts";
import { baseline } from "./baseline.ts";
import type { Command } from "./command.ts";
import { compile } from "./compile.ts";
import { doctor } from "./doctor.ts";
import { explain } from "./explain.ts";
import { grants } from "./grants.ts";
import { history } from "./history.ts";
import { lint } from "./lint.ts";
import { migrate } from "./migrate.ts";
import { newMigration } from "./new.ts";
import { plan } from "./plan.ts";
import { rehearse } from "./rehearse.ts";
import { repair } from "./repair.ts";
import { report } from "./report.ts";
import { revert } from "./revert.ts";
import { smoke } from "./smoke.ts";
import { status } from "./status.ts";
import { verify } from "./verify.ts";
import { wait } from "./wait.ts";

export interface Entry {
  readonly name: string;
  readonly describe: string;
  readonly command: Command;
}

/** Loaded all at once: they are small, and one file is faster to start from than one for each. What is big is late in each of them. */
export const commands: readonly Entry[] = [
  { name: "new", describe: "start a migration file", command: newMigration },
  { name: "compile", describe: "check the migration files and write their manifest", command: compile },
  { name: "lint", describe: "what in the files is dangerous, and what to write instead", command: lint },
  { name: "plan", describe: "show what would be applied, and the locks it takes", command: plan },
  {
    name: "rehearse",
    describe: "try the migrations up, down and up again on a throwaway PostgreSQL",
    command: rehearse,
  },
  { name: "status", describe: "show what is applied and what is pending", command: status },
  { name: "wait", describe: "wait until the database answers and takes writes", command: wait },
  { name: "migrate", describe: "check, apply what is pending, verify, smoke-test", command: migrate },
  { name: "revert", describe: "take migrations back, with the down SQL that the database keeps", command: revert },
  { name: "repair", describe: "show what stopped part-way, and settle it", command: repair },
  { name: "baseline", describe: "record that a database has migrations already", command: baseline },
  { name: "backup", describe: "take, list, verify and restore copies of the database", command: backup },
  { name: "history", describe: "list what ran here, and what became of each migration", command: history },
  {
    name: "report",
    describe: "tell a run from the database: text, HTML, markdown, JUnit, JSON, Prometheus",
    command: report,
  },
  { name: "verify", describe: "compare the database's history with the files", command: verify },
  { name: "smoke", describe: "test the expectations of the values", command: smoke },
  { name: "doctor", describe: "run every preflight check, and change nothing", command: doctor },
  { name: "grants", describe: "print the SQL that gives a role the least it needs", command: grants },
  { name: "explain", describe: "explain an error, a rule or an exit code", command: explain },
];
