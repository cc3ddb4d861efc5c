import { HeadgateError } from "../errors/headgate-error.ts";
import { count } from "../lib/count.ts";
import { parseDuration } from "../lib/duration.ts";
import { compareNames } from "../migrations/listing.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import type { Settings } from "../settings/settings.ts";
import type { Context } from "./context.ts";
import { need } from "./need.ts";
import type { Stage } from "./stage.ts";

type Smoke = Settings["smoke"];

interface Expectation {
  readonly what: string;
  /** One row with a column `answer`. */
  readonly sql: string;
  /** The reason it is not met, or undefined. */
  readonly judge: (answer: unknown) => string | undefined;
  /** A better reason than the server's words, for an error that this expectation foresees. */
  readonly ifFailed?: (error: unknown) => string | undefined;
}

const present = (what: string, name: string, sql: string): Expectation => ({
  what: `${what} ${name}`,
  sql,
  judge: (answer) => (answer === true ? undefined : `${what} ${name} is not there`),
});

const tableThere = (name: string): Expectation =>
  present(
    "table",
    name,
    `SELECT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass(${quoteLiteral(name)}) AND relkind IN ('r','p','v','m','f')) AS answer`,
  );

function columnThere(name: string): Expectation {
  const at = name.endsWith('"') ? name.lastIndexOf('."') : name.lastIndexOf(".");
  const column = name.slice(at + 1).replace(/^"(.*)"$/, "$1");
  return present(
    "column",
    name,
    `SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(${quoteLiteral(name.slice(0, at))})
 AND attname = ${quoteLiteral(column)} AND attnum > 0 AND NOT attisdropped) AS answer`,
  );
}

const indexThere = (name: string): Expectation => ({
  what: `index ${name}`,
  sql: `SELECT (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(${quoteLiteral(name)})) AS answer`,
  judge: (answer) => (answer === true ? undefined : `index ${name} is ${answer === false ? "invalid" : "not there"}`),
});

const asText = (value: unknown): string => (value === null || value === undefined ? "NULL" : String(value));

const queryAnswer = ({ sql, expect }: Smoke["queries"][number]): Expectation => ({
  what: `query ${sql}`,
  // As text, so that 1, 1.0 and true look as psql shows them.
  sql: `SELECT (SELECT q.answer FROM (${sql.replace(/;\s*$/, "")}\n) AS q(answer) LIMIT 1)::text AS answer`,
  judge(answer) {
    const met = expect === null ? answer === null : answer !== null && String(answer) === String(expect);
    return met ? undefined : `${sql} gives ${asText(answer)}, expected ${asText(expect)}`;
  },
});

const versionReached = (version: string, context: Context): Expectation => ({
  what: `version ${version}`,
  sql: `SELECT coalesce(json_agg(name), '[]'::json)::text AS answer FROM ${context.names.history}
 WHERE target = ${context.names.target} AND state = 'applied'`,
  // Before the first run there is no such table.
  ifFailed: (error) =>
    isState(error, SQLSTATE.undefinedTable, SQLSTATE.invalidSchemaName)
      ? `version ${version} is not applied; the newest is none`
      : undefined,
  judge(answer) {
    const parsed: unknown = JSON.parse(String(answer));
    const names = Array.isArray(parsed) ? parsed.map(String) : [];
    const newest = names.sort(compareNames).at(-1);
    return names.includes(version) ? undefined : `version ${version} is not applied; the newest is ${newest ?? "none"}`;
  },
});

const expectationsOf = (context: Context): Expectation[] => {
  const { tables, columns, indexes, queries, version } = context.settings.smoke;
  return [
    ...tables.map(tableThere),
    ...columns.map(columnThere),
    ...indexes.map(indexThere),
    ...queries.map(queryAnswer),
    ...(version === "" ? [] : [versionReached(version, context)]),
  ];
};

export const hasExpectations = (context: Context): boolean => expectationsOf(context).length > 0;

/** Each in a read-only transaction of its own, so that one that fails leaves the others standing. */
async function meet(
  session: Session,
  { sql, judge, what, ifFailed }: Expectation,
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    const [, rows] = await Promise.all([
      session.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${timeoutMs}`),
      session.query(sql),
      session.query("ROLLBACK"),
    ]);
    return judge(rows[0]?.answer);
  } catch (error) {
    return ifFailed?.(error) ?? `${what}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function standing({ command, runFolder }: Context): string {
  if (command === "migrate") return "the migrations of this run are committed and stay";
  return runFolder === undefined ? "nothing was changed" : "what the container migrate has committed stays";
}

export const smoke: Stage = {
  name: "smoke",
  changes: "nothing",
  async run(context, state) {
    const session = need(state, "session");
    const expectations = expectationsOf(context);
    if (expectations.length === 0) return { summary: "no expectations" };
    const timeoutMs = parseDuration(context.settings.smoke.timeout);
    const results = await Promise.all(expectations.map((expectation) => meet(session, expectation, timeoutMs)));
    const unmet = results.filter((result) => result !== undefined);
    if (unmet.length > 0) {
      throw new HeadgateError("smoke-failed", {
        what: `${unmet.length} of ${count(expectations.length, "expectation")} ${unmet.length === 1 ? "is" : "are"} not met`,
        details: unmet,
        stands: standing(context),
      });
    }
    return { summary: `${count(expectations.length, "expectation")} met` };
  },
};
