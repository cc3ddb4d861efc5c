import type { Row } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import { isoSql, numberOrNull, textOrNull } from "./row-values.ts";
import { reading } from "./runs.ts";
import type { Names } from "./schema.ts";

/** A migration as the history keeps it, and what has become of it. Times are ISO 8601. */
export interface MigrationRow {
  readonly name: string;
  /** `taken back` where it went since, or in the run that is told of. */
  readonly state: "applied" | "running" | "reverting" | "needs-attention" | "taken back";
  readonly direction: "up" | "down";
  readonly appliedAt: string | null;
  /** Run that applied it; null for what another tool has applied. */
  readonly run: string | null;
  readonly takenBackAt: string | null;
  /** Run that took it back. */
  readonly takenBackBy: string | null;
  readonly durationMs: number | null;
  readonly phase: string;
  readonly downKind: string;
  /** As it ran in that direction, its beginning; null where nobody knows it, or nobody asked. */
  readonly sql: string | null;
  /** Characters of the whole. */
  readonly sqlLength: number;
  /** As the history has them. */
  readonly locks: unknown;
}

interface Part {
  readonly direction: "up" | "down";
  /** Characters of SQL; 0 for none. */
  readonly sqlChars: number;
}

/** Columns of one row as JSON, `j`, whichever table it is in. JSON has no column to be missing. */
function columnsSql({ direction, sqlChars }: Part, gone: boolean): string {
  const sql = `j ->> '${direction}_sql'`;
  const applied = "(j ->> 'applied_at')::timestamptz";
  return `j ->> 'name' AS name, '${direction}' AS direction, ${gone ? "'taken back'" : "j ->> 'state'"} AS state,
 ${isoSql(applied)} AS applied_at, j ->> 'run' AS run, ${gone ? isoSql("g.reverted_at") : "NULL::text"} AS gone_at,
 ${gone ? "g.run::text" : "NULL::text"} AS gone_by, (j ->> 'duration_ms')::float8 AS duration_ms, j ->> 'phase' AS phase,
 j ->> 'down_kind' AS down_kind, left(${sql}, ${sqlChars}) AS sql_text, coalesce(length(${sql}), 0) AS sql_length, j -> 'locks' AS locks,
 (j ->> 'sequence')::bigint AS sequence`;
}

const standingSql = ({ history }: Names, part: Part): string =>
  `SELECT ${columnsSql(part, false)} FROM ${history} h, LATERAL to_jsonb(h) AS j`;

const goneSql = ({ reverted }: Names, part: Part): string =>
  `SELECT ${columnsSql(part, true)} FROM ${reverted} g, LATERAL (SELECT g.entry AS j) AS entry`;

const toMigrationRow = (row: Row): MigrationRow => ({
  name: String(row.name),
  state: row.state as MigrationRow["state"],
  direction: row.direction as MigrationRow["direction"],
  appliedAt: textOrNull(row.applied_at),
  run: textOrNull(row.run),
  takenBackAt: textOrNull(row.gone_at),
  takenBackBy: textOrNull(row.gone_by),
  durationMs: numberOrNull(row.duration_ms),
  phase: String(row.phase),
  downKind: String(row.down_kind),
  sql: textOrNull(row.sql),
  sqlLength: Number(row.sql_length),
  locks: row.locks,
});

/** More SQL than this of one migration nobody reads in a report. */
const SQL_CHARS = 20_000;

const MOST = 20_000;

const PLAIN =
  "name, direction, state, applied_at, run, gone_at, gone_by, duration_ms, phase, down_kind, sql_length, locks";

/**
 * What the history knows of one run's migrations, in the order in which they were applied, the first `withSql` with SQL.
 * `names` are looked up also where an earlier run began them, as one without a transaction may be.
 */
export async function readRunMigrations(
  session: Session,
  names: Names,
  run: { readonly id: string; readonly target: string; readonly names: readonly string[]; readonly withSql: number },
): Promise<MigrationRow[]> {
  const target = quoteLiteral(run.target);
  const [up, down] = [
    { direction: "up", sqlChars: SQL_CHARS },
    { direction: "down", sqlChars: SQL_CHARS },
  ] as const;
  const earlier =
    run.names.length === 0 ? "" : ` OR (h.run < ${run.id} AND h.name IN (${run.names.map(quoteLiteral).join(", ")}))`;
  return await reading(session, names, async (tables) => {
    if (!tables.run) return [];
    const parts = [
      `${standingSql(names, up)} WHERE h.target = ${target} AND (h.run = ${run.id}${earlier})`,
      ...(tables.reverted
        ? [
            `${goneSql(names, up)} WHERE g.target = ${target} AND g.entry ->> 'run' = '${run.id}'`,
            `${goneSql(names, down)} WHERE g.target = ${target} AND g.run = ${run.id}`,
          ]
        : []),
    ];
    const rows = await session.query(
      `SELECT ${PLAIN}, CASE WHEN row_number() OVER (ORDER BY sequence) <= ${run.withSql} THEN sql_text END AS sql
FROM (${parts.join("\nUNION ALL ")}) AS one ORDER BY sequence LIMIT ${MOST}`,
    );
    return rows.map(toMigrationRow);
  });
}

export interface MigrationFilter {
  readonly limit: number;
  /** Applied or taken back then or later. */
  readonly since?: Date | undefined;
  /** By a run of this release. */
  readonly release?: string | undefined;
  readonly name?: string | undefined;
}

/** The migrations of this target, those that were taken back too, newest first and without SQL. */
export async function listMigrationRows(
  session: Session,
  names: Names,
  filter: MigrationFilter,
): Promise<MigrationRow[]> {
  const part = { direction: "up", sqlChars: 0 } as const;
  const { limit, since, release, name } = filter;
  const runs = `(SELECT id FROM ${names.run} WHERE release = ${quoteLiteral(release ?? "")})`;
  const from = quoteLiteral(since?.toISOString() ?? "");
  const wanted = (row: string, runOf: string, at: string) =>
    [
      `${row}.target = ${names.target}`,
      ...(name === undefined ? [] : [`${row}.name = ${quoteLiteral(name)}`]),
      ...(since === undefined ? [] : [`${at} >= ${from}::timestamptz`]),
      ...(release === undefined ? [] : [`${runOf} IN ${runs}`]),
    ].join(" AND ");
  return await reading(session, names, async (tables) => {
    if (!tables.run) return [];
    const parts = [
      `${standingSql(names, part)} WHERE ${wanted("h", "h.run", "coalesce(h.applied_at, h.started_at)")}`,
      ...(tables.reverted ? [`${goneSql(names, part)} WHERE ${wanted("g", "g.run", "g.reverted_at")}`] : []),
    ];
    const rows = await session.query(`${parts.join("\nUNION ALL ")} ORDER BY sequence DESC LIMIT ${limit}`);
    return rows.map(toMigrationRow);
  });
}
