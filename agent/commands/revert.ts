import { HeadgateError } from "../errors/headgate-error.ts";
import type { Io } from "../lib/io.ts";
import { order } from "../pipeline/order.ts";
import type { Context } from "../stages/context.ts";
import type { Goal } from "../stages/going.ts";
import { makePlan } from "../stages/plan.ts";
import { describeReturns, refuseWayBack } from "../stages/refuse-way-back.ts";
import { type Args, type Command, flagArg, textArg } from "./command.ts";
import { consentOf } from "./consent.ts";
import { withContext } from "./context.ts";
import { databaseOptions, flag, reportOption, signingOption, text, yesOption } from "./options.ts";
import { isOverFleet, needsSchema } from "./over-fleet.ts";
import { runStaged } from "./run-stages.ts";
import { withSession } from "./with-session.ts";

const wrong = (what: string, fix: string): HeadgateError => new HeadgateError("usage", { what, fix });

function stepsGoal(text: string): Goal {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw wrong(`--steps takes a whole number from 1, not "${text}"`, "--steps 1");
  return { kind: "steps", steps: Number(text) };
}

function releaseGoal(text: string): Goal {
  const [, release, revision] = /^(?:(.+):)?(\d+)$/.exec(text) ?? [];
  if (revision === undefined)
    throw wrong(`--release takes a revision, not "${text}"`, "--release 3, or --release shop:3");
  return { kind: "release", release, revision: Number(revision) };
}

/** Exactly one goal, or none: then these files are the goal. */
function goalOf(args: Args): Goal {
  const [to, steps, release] = [textArg(args, "to"), textArg(args, "steps"), textArg(args, "release")];
  const goals: Goal[] = [
    ...(to === undefined ? [] : [{ kind: "to", name: to } as const]),
    ...(steps === undefined ? [] : [stepsGoal(steps)]),
    ...(release === undefined ? [] : [releaseGoal(release)]),
    ...(flagArg(args, "all") ? [{ kind: "all" } as const] : []),
    ...(flagArg(args, "refused") ? [{ kind: "refused" } as const] : []),
  ];
  const [goal = { kind: "files" }, second] = goals;
  if (second === undefined) return goal;
  throw wrong("--to, --steps, --release, --all and --refused name different goals", "name one of them");
}

/** At the desk somebody asked for it, so an older checkout is no reason to refuse. */
function asked(context: Context): Context["settings"] {
  const { settings, pod } = context;
  if (pod !== undefined || settings.rollback.onAhead !== "fail") return settings;
  return { ...settings, rollback: { ...settings.rollback, onAhead: "auto" } };
}

function adapted(context: Context, args: Args, io: Io): Context {
  const goal = goalOf(args);
  // Run again after a failure, it would count from where each schema is then.
  if (goal.kind === "steps" && isOverFleet(context))
    throw wrong("--steps over a fleet would not mean the same when it is run again", "--to NAME, or one --schema");
  const acceptDataLoss = flagArg(args, "accept-data-loss");
  const consent = context.pod === undefined ? consentOf("revert", args, io) : undefined;
  return { ...context, settings: asked(context), going: { goal, acceptDataLoss, consent } };
}

async function show(args: Args, io: Io): Promise<number> {
  return await withContext("revert", { args, io }, async (made) => {
    needsSchema(made);
    const context = adapted(made, args, io);
    const { back } = await withSession(context, async (session) => await makePlan(context, session));
    const returns = back.returns.map((down) => down.name);
    if (flagArg(args, "json")) {
      io.out(`${JSON.stringify({ returns, left: back.left, to: back.to ?? null, obstacles: back.obstacles })}\n`);
    } else io.out(`${returns.length === 0 ? "nothing to take back" : describeReturns(back).join("\n")}\n`);
    return back.obstacles.length > 0 ? refuseWayBack(context, back) : 0;
  });
}

export const revert: Command = {
  options: {
    ...databaseOptions,
    ...signingOption,
    ...reportOption,
    ...yesOption,
    to: text("this migration stays applied, everything after it goes"),
    steps: text("take back so many, the newest first"),
    release: text("back to what a release's revision had applied: 3, or shop:3"),
    all: flag("take everything back"),
    refused: flag("carry out what the last run was refused"),
    "accept-data-loss": flag("go back even where rows or values are lost"),
    "dry-run": flag("only show what would be taken back"),
  },
  examples: [
    ["headgate revert --steps 1", "take back the newest migration"],
    ["headgate revert --dir migrations", "back to what these files know, as helm rollback does"],
  ],
  async run(args, io) {
    if (flagArg(args, "dry-run")) return await show(args, io);
    const stages = order.filter((stage) => stage.name !== "migrate" && stage.name !== "smoke");
    const adapt = (context: Context) => adapted(context, args, io);
    return (await runStaged({ name: "revert", adapt, options: () => ({ stages }) }, args, io))?.exitCode ?? 0;
  },
};
