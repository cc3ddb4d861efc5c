import { HeadgateError } from "../errors/headgate-error.ts";
import { listMigrationRows, type MigrationRow } from "../history/run-migrations.ts";
import { listRuns, type RunRow } from "../history/runs.ts";
import { formatDuration, parseDuration } from "../lib/duration.ts";
import { momentText } from "../report/words.ts";
import { locksSeen } from "../statements/lock-modes.ts";
import { type Args, type Command, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions, flag, text } from "./options.ts";
import { needsSchema } from "./over-fleet.ts";
import { table } from "./table.ts";
import { withSession } from "./with-session.ts";

const wrong = (what: string, fix: string): HeadgateError =>
  new HeadgateError("usage", { what, fix, stands: "nothing was changed" });

function limitOf(args: Args): number {
  const limit = textArg(args, "limit") ?? "20";
  if (/^[1-9]\d{0,5}$/.test(limit)) return Number(limit);
  throw wrong(`--limit takes a whole number from 1, not "${limit}"`, "--limit 50");
}

const isDuration = (value: string): boolean => /^\d{1,6}(m|h|d)$/.test(value);

/** No run is older, and PostgreSQL takes no year 0. */
const notBefore1970 = (ms: number): Date => new Date(Math.max(0, ms));

/** A length of time back from now, or a moment. */
function sinceOf(args: Args): Date | undefined {
  const since = textArg(args, "since");
  if (since === undefined) return undefined;
  if (isDuration(since)) return notBefore1970(Date.now() - parseDuration(since));
  const moment = /^\d{4}-\d\d-\d\d/.test(since) ? new Date(since) : undefined;
  if (moment !== undefined && !Number.isNaN(moment.getTime())) return notBefore1970(moment.getTime());
  throw wrong(
    `--since takes 7d, 12h, or a date, not "${since}"`,
    "--since 7d, --since 2026-11-01, --since 2026-11-01T18:00Z",
  );
}

const whoOf = ({ release, revision, actor, pod }: RunRow): string => {
  if (release !== null) return `${release}:${revision}`;
  return actor === null ? (pod ?? "") : `desk, ${actor}`;
};

function changedOf({ applied, reverted }: RunRow): string {
  const parts = [...(reverted > 0 ? [`${reverted} taken back`] : []), ...(applied > 0 ? [`${applied} applied`] : [])];
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

function endOf({ outcome, exitCode, alive }: RunRow): string {
  if (outcome === "running") return alive ? "running" : "running, or killed";
  return outcome === "done" ? "done" : `${outcome} (${exitCode})`;
}

const tookOf = ({ startedAt, endedAt }: RunRow): string =>
  endedAt === null ? "" : formatDuration(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)));

const runsTable = (runs: readonly RunRow[]): string =>
  table([
    ["RUN", "STARTED", "COMMAND", "BY", "OUTCOME", "CHANGED", "TOOK"],
    ...runs.map((run) => [
      ...[run.id, momentText(run.startedAt), run.command, whoOf(run), endOf(run), changedOf(run), tookOf(run)],
    ]),
  ]);

function lastWord(row: MigrationRow): string {
  if (row.takenBackAt === null) return "";
  return `${momentText(row.takenBackAt)}${row.takenBackBy === null ? "" : `, run ${row.takenBackBy}`}`;
}

const migrationsTable = (rows: readonly MigrationRow[]): string =>
  table([
    ["MIGRATION", "STATE", "APPLIED", "RUN", "TOOK", "TAKEN BACK"],
    ...rows.map((row) => [
      ...[row.name, row.state, row.appliedAt === null ? "" : momentText(row.appliedAt), row.run ?? "outside"],
      ...[row.durationMs === null ? "" : formatDuration(row.durationMs), lastWord(row)],
    ]),
  ]);

const migrationJson =
  (ownSchema: string) =>
  ({ sql: _sql, sqlLength: _length, direction: _direction, locks, ...row }: MigrationRow) => ({
    ...row,
    locks: locksSeen(locks, ownSchema) ?? null,
  });

/** What is printed of one kind of list, and the step after it. */
interface Listing {
  readonly json: unknown;
  readonly text: string;
  readonly length: number;
  readonly next: string;
}

/** One more than is shown tells whether there are older ones. */
function sayRest({ length, next }: Listing, limit: number): string {
  if (length === 0) return "nothing is recorded here that fits; headgate status shows where the schema stands\n";
  return `${length > limit ? `the newest ${limit}, there are older ones: --limit ${limit * 5}\n` : ""}next: ${next}\n`;
}

export const history: Command = {
  options: {
    ...databaseOptions,
    migrations: flag("list migrations instead of runs: when each was applied, by which run, and taken back"),
    name: text("of this migration alone; with --migrations"),
    limit: text("so many, the newest first; 20 by default"),
    release: text("of this release alone"),
    since: text("begun since: 7d, 12h, or a date"),
    failed: flag("only runs that did not end well"),
  },
  examples: [
    ["headgate history", "the newest runs: who, when, outcome, what changed"],
    ["headgate history --failed --since 7d --json", "what went wrong this week, as data"],
    ["headgate history --migrations --name 012_customer", "when was it applied and taken back, and by whom"],
  ],
  run: async (args, io) =>
    await withContext("history", { args, io }, async (context) => {
      const { names } = context;
      const [limit, since, release, name] = [
        limitOf(args),
        sinceOf(args),
        textArg(args, "release"),
        textArg(args, "name"),
      ];
      const wanted = { limit: limit + 1, since, release };
      const ofMigrations = flagArg(args, "migrations") || name !== undefined;
      if (ofMigrations) needsSchema(context);
      const listing = await withSession(context, async (session): Promise<Listing> => {
        if (ofMigrations) {
          const all = await listMigrationRows(session, names, { ...wanted, name });
          const shown = all.slice(0, limit);
          const json = { migrations: shown.map(migrationJson(names.schemaName)) };
          return {
            json,
            text: migrationsTable(shown),
            length: all.length,
            next: "headgate report RUN tells what else that run did",
          };
        }
        const all = await listRuns(session, names, { ...wanted, failed: flagArg(args, "failed") });
        const shown = all.slice(0, limit);
        return {
          json: { runs: shown },
          text: runsTable(shown),
          length: all.length,
          next: "headgate report RUN tells one of them; --output run.html makes a page",
        };
      });
      if (flagArg(args, "json")) io.out(`${JSON.stringify(listing.json)}\n`);
      else {
        if (listing.length > 0) io.out(`${listing.text}\n`);
        io.err(sayRest(listing, limit));
      }
      return 0;
    }),
};
