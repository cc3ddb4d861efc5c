import { HeadgateError } from "../errors/headgate-error.ts";
import type { Io } from "../lib/io.ts";
import { plainTerminal } from "../lib/plain.ts";
import type { Redactor } from "../lib/redact.ts";
import { urlSource } from "../postgres/sources.ts";
import type { Context } from "../stages/context.ts";
import type { MigrationForecast } from "../stages/forecast.ts";
import { makePlan, planOffline, refuseBadPlan } from "../stages/plan.ts";
import { refuseUnsafe } from "../stages/refusals.ts";
import { allowedWayBack, describeReturns, refuseWayBack } from "../stages/refuse-way-back.ts";
import type { Plan } from "../stages/state.ts";
import type { TracedMigration } from "../stages/trace.ts";
import type { WayBack } from "../stages/way-back.ts";
import { type Args, type Command, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions, flag, text } from "./options.ts";
import { needsSchema } from "./over-fleet.ts";
import { withSession } from "./with-session.ts";

/** With `traced` for each statement that was tried in a copy; of a migration that ran as a whole, for itself. */
function toJson({ plan: { hash }, migrations, traced = [] }: Made) {
  return {
    hash,
    migrations: migrations.map(({ statements = [], ...rest }) => {
      const ran = traced.find(({ name }) => name === rest.name);
      const done = statements.length - (ran?.statements.length ?? 0);
      return {
        ...rest,
        ...(ran?.whole === true ? { traced: ran.statements[0] } : {}),
        statements: statements.map((one, at) => {
          const seen = ran?.statements[at - done];
          return seen === undefined ? one : { ...one, traced: seen };
        }),
      };
    }),
  };
}

/** What was found out. */
interface Made {
  readonly plan: Plan;
  readonly migrations: readonly MigrationForecast[];
  /** What could not be found out; undefined when a database was asked. */
  readonly offline: string | undefined;
  /** Only where a trace was asked for. */
  readonly traced?: readonly TracedMigration[];
}

/** Without a session of our own that would be in the way of the copy. */
async function traced(context: Context, { args, io, redactor }: Asked): Promise<Made> {
  const [{ forecast }, { lookAtOriginal }, { trace }] = await Promise.all([
    import("../stages/forecast.ts"),
    import("../stages/trace-copy.ts"),
    import("../stages/trace.ts"),
  ]);
  if (textArg(args, "format") === "sql")
    throw new HeadgateError("usage", { what: "--trace tells what the SQL did, and --format sql only shows it" });
  const { plan, migrations, original } = await withSession(context, async (session) => {
    const made = await makePlan(context, session);
    return { plan: made, migrations: await forecast(made, session), original: await lookAtOriginal(session) };
  });
  // What cannot work at all is not tried.
  refuseUnsafe(plan.migrations, "never");
  const url = io.env.HEADGATE_TRACE_URL ?? "";
  const given = url === "" ? undefined : urlSource(url, "HEADGATE_TRACE_URL", redactor);
  const made = { plan, migrations, offline: undefined };
  if (migrations.length === 0) return made;
  return { ...made, traced: await trace(context, { plan, original, given }, migrations) };
}

async function withDatabase(context: Context): Promise<Made> {
  const { forecast } = await import("../stages/forecast.ts");
  return await withSession(context, async (session) => {
    const plan = await makePlan(context, session);
    return { plan, migrations: await forecast(plan, session), offline: undefined };
  });
}

/** What the command was called with. */
interface Asked {
  readonly args: Args;
  readonly io: Io;
  readonly redactor: Redactor;
}

const UNKNOWN = "what is applied, how big the tables are, and what only their catalog tells stays unknown";
const NO_DATABASE = `no database is named, so every file is taken for pending; ${UNKNOWN}`;
const FILES_ALONE = `these files are planned alone, and no database is asked; ${UNKNOWN}`;

async function withoutDatabase(plan: Plan, offline: string): Promise<Made> {
  const { forecast } = await import("../stages/forecast.ts");
  return { plan, migrations: await forecast(plan, undefined), offline };
}

/** Files of one folder that somebody names, as one set. */
async function ofFiles(context: Context, paths: readonly string[]): Promise<Made> {
  const { chosenFiles } = await import("../migrations/chosen.ts");
  const [chosen, ...others] = chosenFiles(paths);
  if (others.length > 0)
    throw new HeadgateError("usage", { what: `plan takes files of one folder, and these lie in ${others.length + 1}` });
  return await withoutDatabase(await planOffline(context, chosen), FILES_ALONE);
}

/** Where nothing names a database, at the desk and in a pipeline: every file is taken for pending. */
async function ofFolder(context: Context): Promise<Made> {
  try {
    return await withDatabase(context);
  } catch (error) {
    if (!(error instanceof HeadgateError) || error.id !== "no-connection" || context.pod !== undefined) throw error;
    return await withoutDatabase(await planOffline(context), NO_DATABASE);
  }
}

async function make(context: Context, asked: Asked): Promise<Made> {
  const { paths } = asked.args;
  const isTraced = flagArg(asked.args, "trace");
  if (!Array.isArray(paths) || paths.length === 0)
    return isTraced ? await traced(context, asked) : await ofFolder(context);
  if (isTraced)
    throw new HeadgateError("usage", { what: "--trace runs what is pending in a database, and takes no files" });
  return await ofFiles(context, paths.map(String));
}

const FORMATS = ["text", "json", "markdown", "sql"] as const;

interface Shown {
  readonly context: Context;
  readonly back: WayBack;
  readonly format: string;
}

async function show(made: Made, { context, back, format }: Shown): Promise<string> {
  const { plan: found, migrations, traced: ran } = made;
  if (format === "json") return `${JSON.stringify(toJson(made))}\n`;
  if (format === "sql") return (await import("./plan-sql.ts")).planSql(context, found);
  if (format === "markdown") return (await import("./plan-markdown.ts")).planMarkdown(migrations, found.hash, ran);
  const { planText, traceText } = await import("./plan-text.ts");
  const returns = back.returns.length === 0 ? "" : `${describeReturns(back).join("\n")}\n\n`;
  return plainTerminal(
    `${returns}${planText(migrations)}${ran === undefined ? "" : `\n${traceText(ran, migrations)}`}`,
  );
}

const isEmpty = ({ migrations }: Plan, { returns }: WayBack): boolean => migrations.length + returns.length === 0;

/** Refuses what a run would refuse; the talk round it is for people. */
function refuseOrGoOn(context: Context, { plan: made }: Made, { back, io }: { back: WayBack; io: Pick<Io, "err"> }) {
  const empty = isEmpty(made, back);
  io.err(empty ? "nothing to do\n" : `hash ${made.hash} (plan.expected pins it)\n`);
  refuseBadPlan(context, made);
  if (back.obstacles.length > 0) refuseWayBack(context, back);
  if (!empty) io.err("next: headgate migrate\n");
}

const SILENT = { err: () => {} };

export const plan: Command = {
  options: {
    ...databaseOptions,
    format: { ...text("how it is shown"), choices: FORMATS },
    trace: flag("try it in a copy of the database, and say what was really locked and rewritten"),
    "exit-code": flag("exit with 3 when migrations are pending"),
  },
  positionals: { paths: { describe: "files to plan alone, without a database; none is --dir", array: true } },
  examples: [
    ["headgate plan --dir migrations", "what the next migrate would send, and the locks it takes"],
    [
      "headgate plan --format markdown",
      "the same for a comment on a pull request; without a database, as far as files tell",
    ],
    ["headgate plan --format sql", "the SQL that would be sent, with BEGIN, COMMIT and the settings"],
    ["headgate plan --trace", "the same, tried in a copy of the database that is dropped afterwards"],
  ],
  run: async (args, io) =>
    await withContext("plan", { args, io }, async (context, redactor) => {
      needsSchema(context);
      const made = await make(context, { args, io, redactor });
      const back = allowedWayBack(context, made.plan.back);
      const format = flagArg(args, "json") ? "json" : (textArg(args, "format") ?? "text");
      io.out(await show(made, { context, back, format }));
      if (made.offline !== undefined) io.err(`${made.offline}\n`);
      const talks = format === "text" && made.offline !== FILES_ALONE;
      refuseOrGoOn(context, made, { back, io: talks ? io : SILENT });
      return flagArg(args, "exit-code") && made.migrations.length > 0 ? 3 : 0;
    }),
};
