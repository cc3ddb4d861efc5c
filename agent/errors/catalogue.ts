import type { ExitCode } from "./exit-codes.ts";

export interface CatalogueEntry {
  readonly exit: ExitCode;
  /** What it means, in a sentence. */
  readonly meaning: string;
  readonly causes: readonly string[];
  /** What stands and what does not, where a case does not know better. */
  readonly stands: string;
  readonly fix: string;
}

const entry = (exit: ExitCode, rest: Omit<CatalogueEntry, "exit">): CatalogueEntry => ({ exit, ...rest });

/** Every error that users may see. `headgate explain ID` prints it. */
export const catalogue = {
  usage: entry(1, {
    meaning: "The command line is not one that Headgate understands.",
    causes: ["a mistyped command or option", "an option without its value"],
    stands: "nothing was changed",
    fix: "run headgate --help, or headgate COMMAND --help",
  }),
  "bad-settings": entry(1, {
    meaning: "The settings do not fit their schema, or two of them contradict each other.",
    causes: ["a mistyped key", "a value of the wrong type", "a file that is not YAML"],
    stands: "nothing was changed",
    fix: "correct the keys that are named and run again",
  }),
  "no-connection": entry(1, {
    meaning: "Nothing says which database to connect to.",
    causes: ["DATABASE_URL and PGHOST are not set", "the Secret is missing, or lacks the keys"],
    stands: "nothing was changed",
    fix: "set DATABASE_URL, or the PG* variables",
  }),
  "no-throwaway-database": entry(1, {
    meaning: "There is no PostgreSQL on which migrations can be tried without touching anybody's database.",
    causes: [
      "neither an npm package with PostgreSQL nor initdb and postgres on this machine",
      "the role may not create databases",
      "somebody is connected to the database that is to be copied",
      "no pg_dump that fits the database, or a dump that the throwaway server does not take",
    ],
    stands: "nothing was changed",
    fix: "install a PostgreSQL to throw away, or name a server in HEADGATE_REHEARSAL_URL whose role may CREATE DATABASE",
  }),
  "wrong-credentials": entry(1, {
    meaning: "The server refused the role or its password.",
    causes: ["a wrong or rotated password", "a role that does not exist or may not log in", "no pg_hba.conf line"],
    stands: "nothing was changed",
    fix: "correct the credentials; a wrong password is never tried again by itself, accounts get locked that way",
  }),
  "no-such-database": entry(1, {
    meaning: "The server has no database of that name.",
    causes: ["a mistyped name", "the database has not been created yet"],
    stands: "nothing was changed",
    fix: "create the database, or correct its name",
  }),
  "tls-failed": entry(1, {
    meaning: "The connection cannot be made as safe as was asked for.",
    causes: ["the server offers no TLS", "its certificate is not signed by a trusted CA", "expired, or another name"],
    stands: "nothing was changed",
    fix: "name the CA bundle in database.tls.caSecret (at the desk: sslrootcert in DATABASE_URL, or PGSSLROOTCERT beside PGHOST), or choose another database.tls.mode",
  }),
  unreachable: entry(2, {
    meaning: "The database could not be reached in time.",
    causes: ["the name does not resolve", "nothing listens there", "the server is still starting", "a firewall"],
    stands: "nothing was changed",
    fix: "check host and port, and that the server is up; raise wait.timeout when it only needs longer",
  }),
  "connection-lost": entry(2, {
    meaning: "The connection broke during the work.",
    causes: ["the server restarted or failed over", "an administrator ended the session", "the network"],
    stands: "what was committed is in the history; the next run finds out about the rest",
    fix: "run again: what was committed is recorded, and the rest is taken up from there",
  }),
  "server-read-only": entry(3, {
    meaning: "The server takes no writes.",
    causes: ["default_transaction_read_only is on", "the connection leads to a replica"],
    stands: "nothing was changed",
    fix: "connect to the primary, or lift the setting",
  }),
  "preflight-failed": entry(3, {
    meaning: "The database is not fit for this run.",
    causes: ["missing privileges", "another database than expected", "a server that is too old"],
    stands: "nothing was changed",
    fix: "correct each point that is listed; they were all checked",
  }),
  "bad-migration-files": entry(1, {
    meaning: "The migration files cannot be used as they are.",
    causes: ["SQL that does not parse", "a file that is not UTF-8 text", "two files of one name", "an unknown header"],
    stands: "nothing was changed",
    fix: "correct the files that are named; headgate compile checks them without a database",
  }),
  "unsafe-migration": entry(3, {
    meaning: "A migration holds something that cannot work, or a risk that nobody has accepted.",
    causes: ["an index that is built while nobody can write", "a dropped column", "COMMIT inside a transactional file"],
    stands: "nothing was changed",
    fix: "change each file as its finding says, or accept it there: none of them is applied yet",
  }),
  "migration-edited": entry(3, {
    meaning: "A file was changed after it had been applied.",
    causes: ["an edit of an old migration", "a rebase that took another version"],
    stands: "nothing was changed",
    fix: "put the file back as it was applied, and write the change as a new migration",
  }),
  "migration-missing": entry(3, {
    meaning: "A migration that was applied is missing from the files, although later ones are there.",
    causes: ["a deleted or renamed file", "an image that was built from another branch"],
    stands: "nothing was changed",
    fix: "bring the file back; its SQL is kept in the history, column up_sql",
  }),
  "out-of-order": entry(3, {
    meaning: "A pending migration sorts before one that is already applied.",
    causes: ["two branches that were merged in the other order"],
    stands: "nothing was changed",
    fix: "give the file a later number, or set plan.outOfOrder: allow",
  }),
  "database-ahead": entry(3, {
    meaning: "The database holds migrations that this set does not know.",
    causes: ["an older image or chart", "a rollback of the code"],
    stands: "nothing was changed",
    fix: "deploy the newer image again, or take the schema back: headgate revert shows how far and asks first; rollback.onAhead decides in a release",
  }),
  "rollback-refused": entry(3, {
    meaning: "The schema was to go back, and a migration that would have to be undone must not or cannot be.",
    causes: [
      "its down SQL would lose data that is there now",
      "it has no down SQL, or the SQL is not known",
      "the stored down SQL does not fit its signature",
    ],
    stands: "nothing was changed",
    fix: "look at each point that is listed; take the schema back by hand and accept the loss, or stay with the newer release",
  }),
  "no-such-target": entry(1, {
    meaning: "There is no way back to the point that was named.",
    causes: ["a mistyped name", "a migration that is not applied", "a revision that no run has recorded"],
    stands: "nothing was changed",
    fix: "headgate status lists what is applied, in order",
  }),
  overtaken: entry(3, {
    meaning:
      "Another Job of this release has run since this one began, so this one no longer says where the schema has to be.",
    causes: [
      "a rollback while the Job of the failed upgrade was between two tries",
      "two upgrades, one right after the other",
    ],
    stands: "nothing was changed by this run",
    fix: "nothing to do, when the release is where it should be; else upgrade again",
  }),
  "plan-changed": entry(3, {
    meaning: "The plan is not the one that was approved.",
    causes: ["a file was added or changed since plan.expected was taken", "the database has moved on"],
    stands: "nothing was changed",
    fix: "look at headgate plan, and pin the new hash in plan.expected",
  }),
  busy: entry(4, {
    meaning: "Another run works on this database and did not end in time.",
    causes: ["two releases at once", "a run whose pod was deleted while its statement goes on"],
    stands: "nothing was changed by this run",
    fix: "wait until the holder that is named has ended, then run again",
  }),
  "lock-not-available": entry(4, {
    meaning: "A table lock was not to be had within migrate.lockBudget.",
    causes: ["a long transaction holds the table", "autovacuum to prevent wraparound"],
    stands: "what was committed before stays; what was under way was rolled back",
    fix: "end the blockers that are named, or wait, then run again",
  }),
  "out-of-time": entry(4, {
    meaning: "The Job's deadline came near, so the run stopped between two migrations.",
    causes: ["more work than job.activeDeadlineSeconds allows"],
    stands: "what was committed before stays; what was under way was rolled back",
    fix: "run again to go on; raise job.activeDeadlineSeconds and helm's --timeout together",
  }),
  "backup-failed": entry(5, {
    meaning: "The backup was not made, so nothing that it was to keep was put at risk.",
    causes: [
      "the storage is full, refuses, or does not answer",
      "pg_dump is missing, or older than the server",
      "a table that the role may not read, or that somebody has locked",
    ],
    stands: "nothing was changed; nothing of the backup stays",
    fix: "mend what it says and run again",
  }),
  "bad-backup": entry(5, {
    meaning: "A backup is not there, or not whole.",
    causes: ["bytes that were changed or lost where they lie", "a file that somebody else has made"],
    stands: "nothing was changed",
    fix: "headgate backup list shows the others; take a new one with headgate backup",
  }),
  "restore-failed": entry(5, {
    meaning: "A backup was not restored.",
    causes: [
      "the role may not create databases",
      "somebody is connected to the database that is to be replaced",
      "roles or extensions that this server does not have",
    ],
    stands: "nothing was changed; what was half-filled is dropped",
    fix: "mend what it says and run again",
  }),
  "migration-failed": entry(6, {
    meaning: "A migration failed. It was rolled back whole.",
    causes: ["the SQL does not fit this database's schema or data"],
    stands: "what was committed before stays; what was under way was rolled back",
    fix: "correct the file, build the image and upgrade again; earlier migrations need nothing",
  }),
  "revert-failed": entry(6, {
    meaning: "The stored down SQL of a migration failed. It was rolled back whole.",
    causes: ["an object that it names is gone or was changed by hand", "rows that do not fit the older schema"],
    stands: "what was committed before stays; what was under way was rolled back",
    fix: "mend what it stumbles on and run again; or undo the migration by hand and record it with headgate repair NAME --pending",
  }),
  "history-damaged": entry(6, {
    meaning: "Headgate's own tables are not as it left them.",
    causes: ["a migration drops or changes the schema headgate", "a table of that name made by someone else"],
    stands: "what was committed before stays; what was under way was rolled back",
    fix: "leave the schema headgate alone, or name another in history.schema",
  }),
  "history-unusable": entry(3, {
    meaning: "The schema that Headgate keeps its record in is not as this version left it.",
    causes: ["a table of that name made by someone else", "a newer Headgate wrote it"],
    stands: "nothing was changed by this run",
    fix: "name another schema in history.schema, or deploy with a newer Headgate",
  }),
  "needs-attention": entry(7, {
    meaning: "A migration stopped part-way; part of it is committed.",
    causes: ["a statement in the middle of a no-transaction file failed", "a kill between two of its statements"],
    stands: "the statements before the one that failed stay",
    fix: "finish or undo it by hand as printed, then run again",
  }),
  "verify-failed": entry(8, {
    meaning: "After the commit the database is not what the plan says.",
    causes: ["an invalid index was left behind", "someone else changed the history meanwhile"],
    stands: "what this run has committed stays",
    fix: "repair what is named, then run headgate verify",
  }),
  "history-differs": entry(3, {
    meaning: "The database's history and the migration files do not agree.",
    causes: ["pending, edited or missing files", "an invalid index"],
    stands: "nothing was changed",
    fix: "look at headgate status; headgate migrate applies what is pending; an invalid index is dropped by the line that names it",
  }),
  "schema-drifted": entry(3, {
    meaning: "The schema is not what the last run left: something else has changed it.",
    causes: ["a change by hand", "an application or another tool that changes the schema", "an upgrade of the server"],
    stands: "nothing was changed",
    fix: "look at headgate verify; put back what should not be, write the rest as a migration or name it in drift.ignore, then headgate verify --accept",
  }),
  "smoke-failed": entry(3, {
    meaning: "The migrations are applied, and an expectation is not met.",
    causes: ["a table, column or index is missing", "a query gives another answer"],
    stands: "what was committed before stays",
    fix: "correct the migration or the expectation under smoke in the values",
  }),
  "rehearsal-failed": entry(3, {
    meaning: "On a throwaway database the migrations do not do what is expected of them.",
    causes: [
      "a down that leaves something behind, or fails",
      "a migration that cannot be applied, or not a second time",
      "an expectation under smoke that is not met",
    ],
    stands: "no database of yours was touched",
    fix: "correct the files that are named and rehearse again; a migration that is applied somewhere already is corrected by a new one",
  }),
  "trace-failed": entry(3, {
    meaning: "The pending migrations could not be tried in the copy of the database.",
    causes: [
      "one of them fails on the data of the copy",
      "HEADGATE_TRACE_URL names the database itself",
      "the copy has other migrations applied than the database",
    ],
    fix: "correct the migration that is named, or name a copy that is as the database is now",
    stands: "nothing was changed but the copy",
  }),
  "migrate-died": entry(2, {
    meaning: "The container migrate ended without a verdict, so nothing can be tested.",
    causes: ["it was killed for memory", "its node was lost"],
    stands: "what the container migrate had committed stays; headgate status says what that is",
    fix: "look at the container migrate: kubectl describe pod shows why it ended",
  }),
  "migrate-never-started": entry(2, {
    meaning: "The container migrate did not start in time.",
    causes: ["its image could not be pulled", "the node is overloaded"],
    stands: "nothing was changed",
    fix: "look at the pod's events: kubectl describe pod",
  }),
  stopped: entry(143, {
    meaning: "The run was told to stop, and stopped cleanly.",
    causes: ["SIGTERM: the pod was deleted or its node drained", "Ctrl-C"],
    stands: "what was committed before stays; what was under way was rolled back",
    fix: "run again: the rest is taken up from where it stopped",
  }),
  bug: entry(70, {
    meaning: "Something happened that Headgate does not foresee.",
    causes: ["a bug"],
    stands:
      "what was committed stays, and each migration that the history calls applied is whole; headgate status lists them",
    fix: "report it with the lines above; the history in the database is intact and says what was applied",
  }),
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

export type ErrorId = keyof typeof catalogue;

export const isErrorId = (text: string): text is ErrorId => Object.hasOwn(catalogue, text);
