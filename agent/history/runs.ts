import type { Row } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import { isoSql, numberOrNull, textOrNull } from "./row-values.ts";
import type { Names } from "./schema.ts";
import { unreadable } from "./state.ts";

/** One run as its row tells it. Times are ISO 8601. */
export interface RunRow {
  readonly id: string;
  readonly target: string;
  readonly command: string;
  readonly startedAt: string;
  /** Null while it runs, and for ever where it was killed. */
  readonly endedAt: string | null;
  /** `running` until it ends, and for ever where it was killed. */
  readonly outcome: string;
  readonly exitCode: number | null;
  readonly planHash: string | null;
  readonly release: string | null;
  readonly revision: number | null;
  readonly namespace: string | null;
  readonly pod: string | null;
  readonly image: string | null;
  readonly chart: string | null;
  readonly agentVersion: string;
  /** Who sat at the desk. */
  readonly actor: string | null;
  /** Its session is on the server; false behind a pooler that shares sessions, too. */
  readonly alive: boolean;
  readonly applied: number;
  readonly reverted: number;
  /** Its report is still kept. */
  readonly reported: boolean;
}

export interface RunFilter {
  readonly limit: number;
  readonly release?: string | undefined;
  /** Begun then or later. */
  readonly since?: Date | undefined;
  /** Only those that did not end well. */
  readonly failed?: boolean | undefined;
}

export const toRunRow = (row: Row): RunRow => ({
  id: String(row.id),
  target: String(row.target),
  command: String(row.command),
  startedAt: String(row.started),
  endedAt: textOrNull(row.ended),
  outcome: String(row.outcome),
  exitCode: numberOrNull(row.exit_code),
  planHash: textOrNull(row.plan_hash),
  release: textOrNull(row.release),
  revision: numberOrNull(row.revision),
  namespace: textOrNull(row.namespace),
  pod: textOrNull(row.pod),
  image: textOrNull(row.image),
  chart: textOrNull(row.chart),
  agentVersion: String(row.agent_version),
  actor: textOrNull(row.actor),
  alive: row.alive === true,
  applied: Number(row.applied),
  reverted: Number(row.reverted),
  reported: row.reported === true,
});

/** Which of Headgate's tables are there: before the first run none, and the first version had no `reverted`. */
interface Tables {
  readonly run: boolean;
  readonly reverted: boolean;
}

/** Rejects with what to grant, where the role may not read. */
export async function reading<T>(session: Session, names: Names, work: (tables: Tables) => Promise<T>): Promise<T> {
  try {
    const [row] = await session.query(
      `SELECT to_regclass(${quoteLiteral(names.run)}) IS NOT NULL AS run, to_regclass(${quoteLiteral(names.reverted)}) IS NOT NULL AS reverted`,
    );
    return await work({ run: row?.run === true, reverted: row?.reverted === true });
  } catch (error) {
    throw isState(error, SQLSTATE.insufficientPrivilege) ? unreadable(error, session, names) : error;
  }
}

/** As many as the report says; without one, as many as the history has of this run. */
const countSql = (part: "applied" | "reverted", inTables: string): string =>
  `CASE WHEN jsonb_typeof(report -> '${part}') = 'array' THEN jsonb_array_length(report -> '${part}') ELSE ${inTables} END AS ${part}`;

function columnsSql({ history, reverted }: Names, tables: Tables): string {
  const counted = (from: string) => `(SELECT count(*) FROM ${from})`;
  const standing = counted(`${history} h WHERE h.target = r.target AND h.run = r.id AND h.state = 'applied'`);
  const gone = counted(`${reverted} g WHERE g.target = r.target AND g.entry ->> 'run' = r.id::text`);
  const taken = counted(`${reverted} g WHERE g.target = r.target AND g.run = r.id`);
  return `id::text AS id, target, command, ${isoSql("started_at")} AS started, ${isoSql("ended_at")} AS ended, outcome, exit_code, plan_hash,
 release, revision, namespace, pod, image, chart, agent_version, actor, report IS NOT NULL AS reported,
 outcome = 'running' AND EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.pid = backend_pid AND a.application_name LIKE 'headgate:%') AS alive,
 ${countSql("applied", tables.reverted ? `${standing} + ${gone}` : standing)}, ${countSql("reverted", tables.reverted ? taken : "0")}`;
}

/** What the first version of the table does not have is looked up one level further out, and is NULL there. */
const selectRuns = (
  names: Names,
  tables: Tables,
  { more = "", rest }: { readonly more?: string; readonly rest: string },
) =>
  `SELECT found.* FROM (SELECT NULL::text AS actor, NULL::integer AS backend_pid) AS none
CROSS JOIN LATERAL (SELECT ${columnsSql(names, tables)}${more} FROM ${names.run} r ${rest}) AS found ORDER BY found.id::bigint DESC`;

/** The newest runs of this target first. Only reads; none before the first run. */
export async function listRuns(session: Session, names: Names, filter: RunFilter): Promise<RunRow[]> {
  const { limit, release, since, failed = false } = filter;
  const wanted = [
    `target = ${names.target}`,
    ...(release === undefined ? [] : [`release = ${quoteLiteral(release)}`]),
    ...(since === undefined ? [] : [`started_at >= ${quoteLiteral(since.toISOString())}::timestamptz`]),
    ...(failed ? ["outcome <> 'done'"] : []),
  ];
  return await reading(session, names, async (tables) => {
    if (!tables.run) return [];
    const rest = `WHERE ${wanted.join(" AND ")} ORDER BY r.id DESC LIMIT ${limit}`;
    return (await session.query(selectRuns(names, tables, { rest }))).map(toRunRow);
  });
}

/** One run with its report as it is stored: the newest of this target without an id. Undefined when there is none. */
export async function readRun(
  session: Session,
  names: Names,
  id: string | undefined,
): Promise<{ readonly row: RunRow; readonly report: unknown } | undefined> {
  const wanted = id === undefined ? `target = ${names.target}` : `r.id = ${quoteLiteral(id)}::bigint`;
  return await reading(session, names, async (tables) => {
    if (!tables.run) return undefined;
    const rest = `WHERE ${wanted} ORDER BY r.id DESC LIMIT 1`;
    const [row] = await session.query(selectRuns(names, tables, { more: ", report", rest }));
    return row === undefined ? undefined : { row: toRunRow(row), report: row.report };
  });
}

/**
 * Drops the reports of runs that ended more than `keptMs` ago, of this target and of the schemas of its fleet; their rows
 * stay. At most `most` at a time.
 */
export const pruneReports = (
  { run, target }: Names,
  { keptMs, most }: { readonly keptMs: number; readonly most: number },
): string =>
  `UPDATE ${run} SET report = NULL WHERE id IN (
 SELECT id FROM ${run} WHERE report IS NOT NULL AND ended_at < pg_catalog.clock_timestamp() - interval '${keptMs} milliseconds'
 AND (target = ${target} OR starts_with(target, ${target} || '/')) ORDER BY id LIMIT ${most})`;
