import { backupS3 } from "./backup-s3.ts";
import { AGE, POSITIVE_DURATION } from "./patterns.ts";

/** A copy of the data before it can be lost. */
export const backup = {
  type: "object",
  additionalProperties: false,
  description: "A copy of the database, read back in full, before a run that can lose data changes anything.",
  properties: {
    strategy: {
      type: "string",
      enum: ["none", "dump", "dump-touched", "restore-point", "command"],
      default: "none",
      description:
        "dump: all of the database, by pg_dump. dump-touched: the whole schema, and of the rows those of the tables that the run takes rows or values from. restore-point: a name in the WAL, for a server whose WAL is archived. command: a program of yours.",
    },
    when: {
      type: "string",
      enum: ["destructive", "always", "never"],
      default: "destructive",
      description:
        "destructive: before a run that destroys rows or values, or of which nobody can tell. always: before each run that changes the schema.",
    },
    verify: {
      type: "string",
      enum: ["read", "restore"],
      default: "read",
      description:
        "How a dump is proved. read: its bytes are read back and hashed, and pg_restore reads it to its end. restore: it is restored into a database that is dropped again, and rows and schema are compared as well; the role has to have CREATEDB, or HEADGATE_REHEARSAL_URL names another server.",
    },
    volume: {
      type: "object",
      additionalProperties: false,
      description: "Keep backups in a folder.",
      properties: {
        path: {
          type: "string",
          default: "/backups",
          description: "The folder, in which nobody else needs to write. At the desk: backups.",
        },
        existingClaim: {
          type: "string",
          default: "",
          description: "PersistentVolumeClaim that a pod has there. It has to exist before the release does.",
        },
        subPath: { type: "string", default: "", description: "Folder of the claim's volume." },
      },
      default: {},
    },
    s3: backupS3,
    retention: {
      type: "object",
      additionalProperties: false,
      description:
        "Which backups of the same database and target are removed after a new one was proved. The newest always stays, and so does what Headgate did not make.",
      properties: {
        count: { type: "integer", minimum: 0, default: 10, description: "Keep so many; 0 for all." },
        age: {
          type: "string",
          pattern: AGE,
          default: "30d",
          description: "Keep them so long: 30d, 720h; 0s for ever.",
        },
      },
      default: {},
    },
    lockTimeout: {
      type: "string",
      pattern: POSITIVE_DURATION,
      default: "30s",
      description: "How long pg_dump waits for a table that somebody has locked.",
    },
    timeout: {
      type: "string",
      pattern: POSITIVE_DURATION,
      default: "1h",
      description: "How long making and proving a backup may take. In a Job its deadline holds, too.",
    },
    command: {
      type: "array",
      items: { type: "string" },
      default: [],
      description:
        "strategy command: the program and its arguments, run without a shell. It finds PGHOST and the like, HEADGATE_BACKUP_NAME, HEADGATE_TARGET and HEADGATE_PLAN in its environment; when it ends with 0, there is a backup.",
      examples: [["/opt/snapshot", "--wait"]],
    },
  },
  default: {},
} as const;
