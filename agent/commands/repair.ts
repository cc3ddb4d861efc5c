import { printable } from "../engine/way-out.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { compare } from "../history/compare.ts";
import { readHistory } from "../history/state.ts";
import { readUnfinished, type Unfinished } from "../history/unfinished.ts";
import type { Io } from "../lib/io.ts";
import { listMigrations } from "../migrations/listing.ts";
import { loadParser } from "../migrations/parser.ts";
import { inSchemaWords } from "../stages/in-schema-words.ts";
import { type Repair, repair as repairStage } from "../stages/repair.ts";
import { runByHand } from "./by-hand.ts";
import { type Args, type Command, flagArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions, flag, yesOption } from "./options.ts";
import { needsSchema } from "./over-fleet.ts";
import { withSession } from "./with-session.ts";

const VERDICTS = ["applied", "pending", "accept-edit"] as const;

/** The statements that are left of an unfinished migration, as SQL to be run by hand. */
async function describe({ name, state, step, sql }: Unfinished): Promise<string[]> {
  const [goesOn, done, undone] =
    state === "reverting"
      ? ["it was being taken back", "pending", "applied"]
      : ["it was being applied", "applied", "pending"];
  const statements = (await loadParser())({ sql, file: name, line: 1 });
  return [
    `${name}: ${goesOn}; ${step} of ${statements.length} statements are done (${state})`,
    ...(state === "needs-attention" ? [] : ["  the next run goes on by itself; to settle it by hand:"]),
    "  what is left:",
    ...statements.slice(step).map(printable),
    `  when you have run that by hand: headgate repair ${name} --${done} --yes`,
    `  when you have taken back what is done: headgate repair ${name} --${undone} --yes`,
  ];
}

async function show(args: Args, io: Io): Promise<number> {
  return await withContext("repair", { args, io }, async (context) => {
    needsSchema(context);
    const { dir, names } = context;
    const { unfinished, changed } = await withSession(context, async (session) => {
      const history = await readHistory(session, names);
      const open = history.exists ? await readUnfinished(session, names) : [];
      return { unfinished: open, changed: compare(listMigrations(dir, { mayBeAbsent: true }), history).changed };
    });
    if (flagArg(args, "json")) {
      io.out(`${JSON.stringify({ unfinished, changed: changed.map(({ file }) => ({ name: file.name })) })}\n`);
      return 0;
    }
    const lines = (await Promise.all(unfinished.map(describe))).flat();
    const edits = changed.map(
      ({ file }) =>
        `${file.name}: changed after it was applied; to accept it: headgate repair ${file.name} --accept-edit --yes`,
    );
    const all = [...lines, ...edits].join("\n") || "nothing to repair";
    io.out(`${context.schema === undefined ? all : inSchemaWords(all, context.schema)}\n`);
    return 0;
  });
}

function repairOf(args: Args): Repair | undefined {
  const names = Array.isArray(args.names) ? args.names.map(String) : [];
  const [verdict, second] = VERDICTS.filter((one) => flagArg(args, one));
  if (second !== undefined)
    throw new HeadgateError("usage", { what: `--${verdict} and --${second} contradict each other` });
  if (verdict === undefined && names.length === 0) return undefined;
  if (verdict === undefined || names.length === 0) {
    throw new HeadgateError("usage", {
      what: verdict === undefined ? `what of ${names.join(", ")}?` : `--${verdict} of which migration?`,
      fix: "headgate repair NAME --applied, or --pending, or --accept-edit; without any it shows what there is to repair",
    });
  }
  return { names, verdict };
}

export const repair: Command = {
  options: {
    ...databaseOptions,
    ...yesOption,
    applied: flag("they are applied now: what was left has been done by hand"),
    pending: flag("they are not applied: what was done has been taken back by hand"),
    "accept-edit": flag("their files as they are now count as what was applied"),
  },
  positionals: { names: { describe: "migrations to settle; none shows what there is", array: true } },
  examples: [["headgate repair", "what stopped part-way, how far it got, and the SQL that is left"]],
  async run(args, io) {
    const wanted = repairOf(args);
    if (wanted === undefined) return await show(args, io);
    return await runByHand({ name: "repair", after: ["wait", "preflight"], stage: repairStage(wanted) }, args, io);
  },
};
