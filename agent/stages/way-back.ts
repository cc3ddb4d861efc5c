import { type Down, readDowns } from "../history/downs.ts";
import { isSignedBy } from "../history/sign.ts";
import type { Entry } from "../history/state.ts";
import { loadParser, PARSE_LIMIT_BYTES } from "../migrations/parser.ts";
import type { Session } from "../postgres/session.ts";
import { downEffectsOf } from "../statements/down-effects.ts";
import type { Context } from "./context.ts";
import { namesBeyond } from "./goal.ts";
import { inspectFiles } from "./inspect.ts";
import { judgeLosses, type Losses } from "./loss.ts";
import type { Plan } from "./state.ts";

/** A migration that would have to go back and must not, or cannot. */
export interface Obstacle {
  readonly name: string;
  /** A sentence each. */
  readonly why: readonly string[];
  /** Nothing but data that would be lost: it can be accepted. */
  readonly acceptable: boolean;
}

export interface WayBack {
  /** To be taken back, newest first. */
  readonly returns: readonly Down[];
  /** Ahead of the files, and left there; in the order in which they were applied. */
  readonly left: readonly string[];
  readonly obstacles: readonly Obstacle[];
  /** What would be lost, a sentence each, by the migration's name. */
  readonly losses: Losses;
  /** Names of the newest migration before and afterwards; undefined when there is none. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

type Known = Pick<Plan, "comparison" | "history" | "files">;

/** Newest first; what an older set of files does not know of. */
function beyondFiles({ comparison, history, files }: Known): Entry[] {
  const names = new Set(files.map((file) => file.name));
  const stray = (entry: Entry) =>
    comparison.ahead.includes(entry) || (entry.state !== "applied" && !names.has(entry.name));
  return history.entries.filter(stray).toReversed();
}

/** How many of these, newest first, have to go until all that is left only adds. */
function untilExpand(downs: readonly Down[]): number {
  return downs.findLastIndex((down) => down.phase !== "expand" || down.state !== "applied") + 1;
}

function chosen(downs: readonly Down[], onAhead: "auto" | "tolerate" | "revert" | "fail"): number {
  if (onAhead === "auto") return untilExpand(downs);
  return onAhead === "revert" ? downs.length : 0;
}

const NO_WAY: Readonly<Record<Down["kind"], string | undefined>> = {
  stored: undefined,
  irreversible: "it has no down SQL",
  dynamic: "its down is a script that reads the database, so its SQL was not to be stored",
  unknown: "its down SQL is not recorded: another tool applied it",
};

function cannotGo(context: Context, down: Down): string | undefined {
  const { name, sql, transaction, signature } = down;
  if (down.state === "needs-attention" || (down.state === "running" && !undoesAnyPart(down))) {
    return `it stopped part-way in an earlier run (${down.state}, ${down.step} statements done); headgate repair shows it`;
  }
  if (sql === null) return NO_WAY[down.kind] ?? "its down SQL is not recorded";
  const { sign } = context;
  if (sign === undefined || isSignedBy(sign, { name, down: sql, transaction }, signature)) return undefined;
  return signature === null
    ? "its stored down SQL is not signed"
    : "its stored down SQL does not fit its signature: somebody changed it, or the key is another one";
}

/** Dropping indexes that may not be there takes back a build that got any part of the way. */
const undoesAnyPart = ({ transaction, sql }: Down): boolean =>
  !transaction &&
  sql !== null &&
  sql.split(";").every((part) => /^\s*(DROP INDEX CONCURRENTLY IF EXISTS\b|$)/i.test(part));

function obstacleOf(context: Context, down: Down, losses: Losses): Obstacle[] {
  const blocked = cannotGo(context, down);
  if (blocked !== undefined) return [{ name: down.name, why: [blocked], acceptable: false }];
  const lost = down.state === "reverting" || context.going.acceptDataLoss ? [] : (losses.get(down.name) ?? []);
  if (lost.length === 0) return [];
  return [{ name: down.name, why: lost.map((loss) => `taking it back would lose ${loss}`), acceptable: true }];
}

/** Where the record has no down SQL and the file is at hand, the file's counts. */
async function completed(context: Context, downs: readonly Down[], { files }: Known): Promise<Down[]> {
  const wanted = files.filter((file) => downs.some((down) => down.name === file.name && down.kind === "unknown"));
  if (wanted.length === 0) return await judged(downs);
  const inspected = await inspectFiles(wanted, { all: files, dir: context.dir, ownSchema: context.names.schemaName });
  const byName = new Map(inspected.map(({ migration }) => [migration.name, migration]));
  const known = downs.map((down) => {
    const { down: sql, downKind: kind, downTransaction, downEffects } = byName.get(down.name) ?? {};
    if (sql === undefined || kind === undefined) return down;
    const signature = context.sign?.({ name: down.name, down: sql, transaction: downTransaction === true }) ?? null;
    return { ...down, sql, kind, transaction: downTransaction === true, effects: downEffects ?? null, signature };
  });
  return await judged(known);
}

/** What the SQL that is going to run does to data: the row may hold another SQL than the one that was judged. */
async function judged(downs: readonly Down[]): Promise<Down[]> {
  if (downs.every((down) => down.sql === null)) return [...downs];
  const parse = await loadParser();
  return downs.map((down) => {
    const { name, sql } = down;
    if (sql === null || Buffer.byteLength(sql) > PARSE_LIMIT_BYTES) return down;
    try {
      return { ...down, effects: downEffectsOf(parse({ sql, file: name, line: 1 })) };
    } catch {
      return { ...down, effects: [{ kind: "unknown", what: "its down SQL does not parse" }] };
    }
  });
}

/**
 * What has to be taken back, and what stands in the way. A revert that an earlier run left half done always goes on.
 * Reads only. Rejects with `no-such-target`.
 */
export async function findWayBack(context: Context, session: Session, known: Known): Promise<WayBack> {
  const { goal } = context.going;
  const { entries } = known.history;
  const from = entries.at(-1)?.name;
  const halfway = entries.filter((entry) => entry.state === "reverting").map((entry) => entry.name);
  const beyond =
    goal.kind === "files"
      ? beyondFiles(known).map((entry) => entry.name)
      : await namesBeyond(context, session, { goal, known });
  if (beyond.length + halfway.length === 0)
    return { returns: [], left: [], obstacles: [], losses: new Map(), from, to: from };
  const downs = await readDowns(session, context.names, [...new Set([...halfway.toReversed(), ...beyond])]);
  const wanted = goal.kind === "files" ? chosen(downs, context.settings.rollback.onAhead) : downs.length;
  const returns = await completed(context, downs.slice(0, Math.max(wanted, halfway.length)), known);
  const losses = await judgeLosses(session, returns);
  const gone = new Set(returns.map((down) => down.name));
  return {
    returns,
    left: downs
      .slice(returns.length)
      .map((down) => down.name)
      .toReversed(),
    obstacles: returns.flatMap((down) => obstacleOf(context, down, losses)),
    losses,
    from,
    to: entries.findLast((entry) => !gone.has(entry.name))?.name,
  };
}
