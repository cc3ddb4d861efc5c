import { type Comparison, compare } from "../history/compare.ts";
import { readHistory } from "../history/state.ts";
import { count } from "../lib/count.ts";
import type { Io } from "../lib/io.ts";
import { shellWord } from "../lib/shell.ts";
import { listMigrations } from "../migrations/listing.ts";
import type { Context } from "../stages/context.ts";
import { inSchema, listSchemas } from "../stages/schemas.ts";
import { type Args, type Command, flagArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions, flag } from "./options.ts";
import { isOverFleet } from "./over-fleet.ts";
import { table } from "./table.ts";
import { withSession } from "./with-session.ts";

const named = (list: readonly { readonly name: string }[]) => list.map(({ name }) => ({ name }));

const toJson = ({ applied, pending, ahead, changed, missing, unfinished }: Comparison) => ({
  applied: applied.map(({ name, appliedAt }) => ({ name, appliedAt })),
  pending: named(pending),
  ahead: named(ahead),
  changed: changed.map(({ file }) => ({ name: file.name })),
  missing: named(missing),
  unfinished: unfinished.map(({ name, state, step }) => ({ name, state, step })),
});

function rows(comparison: Comparison): string[][] {
  const changed = new Set(comparison.changed.map(({ file }) => file.name));
  const stray = new Map([
    ...comparison.ahead.map((entry) => [entry.name, "ahead: not among these files"] as const),
    ...comparison.missing.map((entry) => [entry.name, "missing from the files"] as const),
  ]);
  const unfinished = new Map(
    comparison.unfinished.map((entry) => [entry.name, `${entry.state}, ${entry.step} statements done`]),
  );
  return [
    ["MIGRATION", "STATE", "APPLIED AT"],
    ...comparison.applied.map((entry) => [
      entry.name,
      changed.has(entry.name) ? "applied, changed since" : (stray.get(entry.name) ?? "applied"),
      (entry.appliedAt ?? "").slice(0, 19),
    ]),
    ...comparison.pending.map((file) => [file.name, unfinished.get(file.name) ?? "pending", ""]),
  ];
}

function nextStep({ pending, changed, missing, ahead, unfinished }: Comparison): string {
  if (unfinished.length > 0) return "next: headgate repair shows what is left of the unfinished ones\n";
  if (changed.length + missing.length > 0)
    return "next: put the files back as they were applied; headgate verify tells more\n";
  if (ahead.length > 0)
    return "next: headgate revert --dry-run shows what goes back and what may stay, or deploy the newer image again\n";
  return pending.length > 0
    ? `next: headgate plan, then headgate migrate (${pending.length} pending)\n`
    : "next: nothing, the schema is where these files want it\n";
}

/** One schema a line: how many of each. */
const fleetRows = (all: readonly (readonly [string, Comparison])[]): string[][] => [
  ["SCHEMA", "APPLIED", "PENDING", "AHEAD", "UNFINISHED", "CHANGED", "MISSING"],
  ...all.map(([schema, { applied, pending, ahead, unfinished, changed, missing }]) => [
    schema,
    ...[applied, pending, ahead, unfinished, changed, missing].map((list) => String(list.length)),
  ]),
];

/** The first schema with something that a plain migrate does not settle decides what is next. */
function fleetNextStep(all: readonly (readonly [string, Comparison])[]): string {
  const odd = all.find(([, { ahead, unfinished, changed, missing }]) =>
    [ahead, unfinished, changed, missing].some((list) => list.length > 0),
  );
  if (odd !== undefined) return `${odd[0]}: ${nextStep(odd[1]).trim()}, with --schema ${shellWord(odd[0])}\n`;
  const behind = all.filter(([, { pending }]) => pending.length > 0).length;
  if (behind === 0) return "next: nothing, every schema is where these files want it\n";
  return `next: headgate migrate (${behind} of ${count(all.length, "schema")}); --schema shows one of them\n`;
}

async function fleetStatus(context: Context, args: Args, io: Io): Promise<number> {
  const files = listMigrations(context.dir);
  const all = await withSession(context, async (session) => {
    const schemas = await listSchemas(context, session);
    return await Promise.all(
      schemas.map(
        async (schema) =>
          [schema, compare(files, await readHistory(session, inSchema(context, schema).names))] as const,
      ),
    );
  });
  const behind = all.filter(([, comparison]) => comparison.pending.length > 0).length;
  if (flagArg(args, "json"))
    io.out(`${JSON.stringify({ schemas: all.map(([schema, one]) => ({ schema, ...toJson(one) })) })}\n`);
  else {
    io.out(`${table(fleetRows(all))}\n`);
    io.err(fleetNextStep(all));
  }
  return flagArg(args, "exit-code") && behind > 0 ? 3 : 0;
}

export const status: Command = {
  options: { ...databaseOptions, "exit-code": flag("exit with 3 when migrations are pending") },
  examples: [["headgate status --json | jq .pending", "names of what is pending"]],
  run: async (args, io) =>
    await withContext("status", { args, io }, async (context) => {
      if (isOverFleet(context)) return await fleetStatus(context, args, io);
      const comparison = await withSession(context, async (session) =>
        compare(listMigrations(context.dir), await readHistory(session, context.names)),
      );
      if (flagArg(args, "json")) io.out(`${JSON.stringify(toJson(comparison))}\n`);
      else {
        io.out(`${table(rows(comparison))}\n`);
        io.err(nextStep(comparison));
      }
      return flagArg(args, "exit-code") && comparison.pending.length > 0 ? 3 : 0;
    }),
};
