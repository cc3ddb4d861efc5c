import { HeadgateError } from "../errors/headgate-error.ts";
import type { Context } from "../stages/context.ts";
import type { MigrationForecast } from "../stages/forecast.ts";
import { makePlan, planOffline, refuseBadPlan } from "../stages/plan.ts";
import { allowedWayBack, describeReturns, refuseWayBack } from "../stages/refuse-way-back.ts";
import type { Plan } from "../stages/state.ts";
import type { WayBack } from "../stages/way-back.ts";
import { type Command, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions, flag, text } from "./options.ts";
import { needsSchema } from "./over-fleet.ts";
import { withSession } from "./with-session.ts";

const toJson = ({ hash }: Plan, migrations: readonly MigrationForecast[]) => ({
  hash,
  migrations: migrations.map(({ statements, ...rest }) => ({ ...rest, statements: statements ?? [] })),
});

/** What was found out, and whether a database was asked. */
interface Made {
  readonly plan: Plan;
  readonly migrations: readonly MigrationForecast[];
  readonly offline: boolean;
}

async function withDatabase(context: Context): Promise<Made> {
  const { forecast } = await import("../stages/forecast.ts");
  return await withSession(context, async (session) => {
    const plan = await makePlan(context, session);
    return { plan, migrations: await forecast(plan, session), offline: false };
  });
}

/** Where nothing names a database, at the desk and in a pipeline: every file is taken for pending. */
async function make(context: Context): Promise<Made> {
  try {
    return await withDatabase(context);
  } catch (error) {
    if (!(error instanceof HeadgateError) || error.id !== "no-connection" || context.pod !== undefined) throw error;
    const [plan, { forecast }] = await Promise.all([planOffline(context), import("../stages/forecast.ts")]);
    return { plan, migrations: await forecast(plan, undefined), offline: true };
  }
}

const OFFLINE =
  "no database is named, so every file is taken for pending; what is applied, how big the tables are, and what only their catalog tells stays unknown";

const FORMATS = ["text", "json", "markdown"] as const;

async function show({ plan: made, migrations }: Made, back: WayBack, format: string): Promise<string> {
  if (format === "json") return `${JSON.stringify(toJson(made, migrations))}\n`;
  if (format === "markdown") return (await import("./plan-markdown.ts")).planMarkdown(migrations, made.hash);
  const { planText } = await import("./plan-text.ts");
  const returns = back.returns.length === 0 ? "" : `${describeReturns(back).join("\n")}\n\n`;
  return `${returns}${planText(migrations)}`;
}

function nextStep({ hash, migrations }: Plan, { returns, obstacles }: WayBack): string {
  if (migrations.length + returns.length === 0) return "nothing to do";
  const pin = `hash ${hash} (plan.expected pins it)`;
  return obstacles.length > 0 ? pin : `${pin}\nnext: headgate migrate`;
}

export const plan: Command = {
  options: {
    ...databaseOptions,
    format: { ...text("how it is shown"), choices: FORMATS },
    "exit-code": flag("exit with 3 when migrations are pending"),
  },
  examples: [
    ["headgate plan --dir migrations", "what the next migrate would send, and the locks it takes"],
    [
      "headgate plan --format markdown",
      "the same for a comment on a pull request; without a database, as far as files tell",
    ],
  ],
  run: async (args, io) =>
    await withContext("plan", { args, io }, async (context) => {
      needsSchema(context);
      const made = await make(context);
      const back = allowedWayBack(context, made.plan.back);
      const format = flagArg(args, "json") ? "json" : (textArg(args, "format") ?? "text");
      io.out(await show(made, back, format));
      if (made.offline) io.err(`${OFFLINE}\n`);
      if (format === "text") io.err(`${nextStep(made.plan, back)}\n`);
      refuseBadPlan(context, made.plan);
      if (back.obstacles.length > 0) refuseWayBack(context, back);
      return flagArg(args, "exit-code") && made.migrations.length > 0 ? 3 : 0;
    }),
};
