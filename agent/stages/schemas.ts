import { HeadgateError } from "../errors/headgate-error.ts";
import { memberTarget, type Names, namesOf } from "../history/schema.ts";
import type { Log } from "../lib/log.ts";
import { didYouMean } from "../lib/nearest.ts";
import { reasonOf } from "../lib/reason.ts";
import type { Session } from "../postgres/session.ts";
import { isConnectionLoss, sqlstateOf } from "../postgres/sqlstate.ts";
import type { Settings } from "../settings/settings.ts";
import type { Context } from "./context.ts";

/** True when the settings name more than one schema to migrate, or a query that does. */
export const isFleet = ({ fleet }: Settings): boolean => fleet.schemas.length > 0 || fleet.query !== "";

/** The names of a run over these settings. A fleet as a whole has no migrations of its own, so none that could be another's. */
export const namesFor = (settings: Settings): Names =>
  isFleet(settings) ? { ...namesOf(settings), twin: "NULL" } : namesOf(settings);

const marked = (log: Log, schema: string): Log => ({
  debug: (message, fields) => log.debug(`${schema}: ${message}`, { ...fields, schema }),
  info: (message, fields) => log.info(`${schema}: ${message}`, { ...fields, schema }),
  warn: (message, fields) => log.warn(`${schema}: ${message}`, { ...fields, schema }),
  error: (message, fields) => log.error(`${schema}: ${message}`, { ...fields, schema }),
});

/** The context of a run in one schema of a fleet: a history, a search_path and a pgmigrations of its own. */
export function inSchema(context: Context, schema: string): Context {
  const { database, history } = context.settings;
  const settings: Settings = {
    ...context.settings,
    database: { ...database, searchPath: [schema, ...database.searchPath] },
    history: { ...history, target: memberTarget(history.target, schema) },
  };
  return {
    ...context,
    schema,
    settings,
    names: namesOf(settings, history.target),
    sign: context.signer?.(settings.history.target),
    log: marked(context.log, schema),
  };
}

const badAnswer = (what: string, cause?: unknown): HeadgateError =>
  new HeadgateError("bad-settings", {
    what: `fleet.query ${what}`,
    fix: "correct fleet.query: its first column names the schemas, one a row, each once",
    stands: "nothing was changed",
    cause,
  });

/** Names that PostgreSQL has cut would not be the ones that were meant. */
const LONGEST_NAME_BYTES = 63;

/** Whatever PostgreSQL takes, but for what would play tricks with a terminal. */
const isSchemaName = (name: string): boolean =>
  name !== "" && Buffer.byteLength(name) <= LONGEST_NAME_BYTES && !/\p{C}/u.test(name);

const QUERY_MS = 30_000;

async function ask({ settings }: Context, session: Session): Promise<string[]> {
  const [, rows] = await Promise.all([
    session.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${QUERY_MS}`),
    session.query(settings.fleet.query),
    session.query("ROLLBACK"),
  ]);
  return rows.map((row) => {
    const [first] = Object.values(row);
    if (typeof first === "string" && isSchemaName(first)) return first;
    throw badAnswer(`gives ${JSON.stringify(first)}, which names no schema`);
  });
}

/** Headgate's own schema and PostgreSQL's: a query for all schemas names them easily. */
function refuseForeign(schemas: readonly string[], { history }: Settings): void {
  const foreign = schemas.find((schema) => schema === history.schema || /^pg_|^information_schema$/.test(schema));
  if (foreign === undefined) return;
  throw new HeadgateError("bad-settings", {
    what: `the fleet names the schema ${foreign}, which is ${foreign === history.schema ? "Headgate's own" : "PostgreSQL's own"}`,
    fix: "leave it out of fleet.schemas, or of what fleet.query answers",
    stands: "nothing was changed",
  });
}

/** Refuses a schema that was named on the command line and is none of the fleet's. Without a fleet any may be. */
export async function refuseStranger(context: Context, session: Session): Promise<void> {
  const { schema } = context;
  if (schema === undefined) return;
  const schemas = isFleet(context.settings) ? await listSchemas(context, session) : [schema];
  refuseForeign([schema], context.settings);
  if (schema !== "" && schemas.includes(schema)) return;
  throw new HeadgateError("usage", {
    what: `--schema ${schema}: the fleet has no such schema${didYouMean(schema, schemas)}`,
    fix: "headgate status shows all that it has",
    stands: "nothing was changed",
  });
}

/** The schemas of the fleet, in their order. Rejects with `bad-settings` where fleet.query does not name them. */
export async function listSchemas(context: Context, session: Session): Promise<readonly string[]> {
  const { fleet } = context.settings;
  refuseForeign(fleet.schemas, context.settings);
  if (fleet.query === "") return fleet.schemas;
  const schemas = await ask(context, session).catch(async (error: unknown) => {
    if (sqlstateOf(error) === undefined || isConnectionLoss(error)) throw error;
    throw badAnswer(`fails: ${reasonOf(error)}`, error);
  });
  const twice = schemas.find((schema, at) => schemas.indexOf(schema) !== at);
  if (twice !== undefined) throw badAnswer(`names ${twice} twice`);
  refuseForeign(schemas, context.settings);
  if (schemas.length === 0)
    context.log.warn("fleet.query names no schema: the run has nothing to migrate, nor to test");
  return schemas;
}
