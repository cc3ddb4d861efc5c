import { HeadgateError } from "../errors/headgate-error.ts";
import { listRuns } from "../history/runs.ts";
import { count } from "../lib/count.ts";
import type { Io } from "../lib/io.ts";
import { plainLine, plainTerminal } from "../lib/plain.ts";
import type { Redactor } from "../lib/redact.ts";
import { listMigrations } from "../migrations/listing.ts";
import { order } from "../pipeline/order.ts";
import { type Difference, firstOf, ofSchema } from "../postgres/fingerprint-differences.ts";
import type { Session } from "../postgres/session.ts";
import { MOST_CHANGES } from "../report/report.ts";
import { momentText } from "../report/words.ts";
import type { Context } from "../stages/context.ts";
import { accept } from "../stages/drift-accept.ts";
import { type SchemaVerdict, verifySchema } from "../stages/drift-verify.ts";
import { need } from "../stages/need.ts";
import { inSchema, listSchemas } from "../stages/schemas.ts";
import type { Stage } from "../stages/stage.ts";
import { differences, fleetDifferences } from "../stages/verify.ts";
import { runByHand } from "./by-hand.ts";
import { type Args, type Command, flagArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions, flag, yesOption } from "./options.ts";
import { isOverFleet } from "./over-fleet.ts";
import { runAndReport } from "./run-and-report.ts";

/** A schema of a fleet; without one, the database. */
type Verdicts = readonly (SchemaVerdict & { readonly schema: string | undefined })[];

interface Found {
  /** Between the files, the history and the indexes: a line each. */
  readonly lines: readonly string[];
  /** A run of this target is at work, and they differ until it has ended: nothing can be said of them. */
  readonly atWork: boolean;
  readonly verdicts: Verdicts;
}

/** Runs that may go on at the same time as the newest. */
const NEWEST = 10;

async function isAtWork({ names }: Context, session: Session): Promise<boolean> {
  const runs = await listRuns(session, names, { limit: NEWEST }).catch((error: unknown) => {
    // Who may not read the runs is told of the differences, as before.
    if (error instanceof HeadgateError) return [];
    throw error;
  });
  return runs.some(({ outcome, alive }) => outcome === "running" && alive);
}

/** What differs; read again where a run has ended in between. */
async function lookAtFiles(read: () => Promise<string[]>, atWork: () => Promise<boolean>) {
  const lines = await read();
  if (lines.length === 0) return { lines, atWork: false };
  return (await atWork()) ? { lines: [], atWork: true } : { lines: await read(), atWork: false };
}

async function lookAt(context: Context, session: Session): Promise<Found> {
  const files = listMigrations(context.dir);
  const atWork = async () => await isAtWork(context, session);
  if (!isOverFleet(context)) {
    const found = await lookAtFiles(async () => await differences(context, session, files), atWork);
    return { ...found, verdicts: [{ schema: context.schema, ...(await verifySchema(context, session, files)) }] };
  }
  const found = await lookAtFiles(async () => await fleetDifferences(context, session, files), atWork);
  const verdicts: (SchemaVerdict & { schema: string })[] = [];
  for (const schema of await listSchemas(context, session)) {
    context.signal.throwIfAborted();
    verdicts.push({ schema, ...(await verifySchema(inSchema(context, schema), session, files)) });
  }
  return { ...found, verdicts };
}

const drifted = (verdicts: Verdicts): Difference[] =>
  verdicts.flatMap(({ schema, differences: list }) => (schema === undefined ? [...list] : ofSchema(schema, list)));

function refusal({ lines, verdicts }: Found): HeadgateError | undefined {
  const drift = drifted(verdicts);
  const objects = drift.map(({ object, kind }) => plainLine(`${object}: ${kind}`));
  const notes = [...new Set(verdicts.flatMap(({ note }) => note ?? []))];
  if (lines.length > 0) {
    return new HeadgateError("history-differs", {
      what: `${lines.length === 1 ? "a difference" : `${lines.length} differences`} between the database and the files`,
      details: [...lines.map(plainLine), ...objects, ...notes],
      stands: "nothing was changed",
    });
  }
  if (drift.length === 0) return undefined;
  return new HeadgateError("schema-drifted", {
    what: `the schema is not what the last run left: ${count(drift.length, "difference")}`,
    details: [...objects, ...notes],
    stands: "nothing was changed",
  });
}

const summaryOf = ({ verdicts, atWork }: Found, files: number): string => {
  if (atWork) return `${count(files, "migration")}: a run is at work`;
  const known = verdicts.filter((one) => one.unknown === undefined).length;
  const schema =
    verdicts.length === 1
      ? known === 1 && ", and the schema is what the last run left"
      : `, and ${known} of ${count(verdicts.length, "schema")} are what the last run left`;
  return `${count(files, "migration")}: history and files agree, no index is invalid${schema || ""}`;
};

/** What could not be told, a line each. */
const notKnown = ({ atWork, verdicts }: Found): string[] => [
  ...(atWork
    ? ["whether history and files agree is not known: a run is at work at this moment; verify again once it has ended"]
    : []),
  ...verdicts.flatMap(({ schema, unknown, next }) =>
    unknown === undefined
      ? []
      : [
          `${schema === undefined ? "" : `${schema}: `}whether the schema is what the last run left is not known: ${[unknown, ...(next === undefined ? [] : [next])].join("; ")}`,
        ],
  ),
];

/** Fills `found` even when it fails. */
const comparing = (tell: (found: Found) => void): Stage => ({
  name: "verify",
  changes: "nothing",
  async run(context, state, keep) {
    const found = await lookAt(context, need(state, "session"));
    tell(found);
    const known = found.verdicts.filter((one) => one.unknown === undefined);
    // None at all is worth telling, too: it is what ends an alert.
    if (known.length > 0) keep({ drift: firstOf(drifted(known), MOST_CHANGES) });
    for (const line of notKnown(found)) context.log.warn(line);
    const error = refusal(found);
    if (error !== undefined) throw error;
    return { summary: summaryOf(found, listMigrations(context.dir).length) };
  },
});

const heading = ({ schema, recorded }: Verdicts[number]): string =>
  plainLine(
    `${schema === undefined ? "the schema" : schema} differs from what ${recorded?.by || "a run"} left at ${momentText(recorded?.at ?? "")}:`,
  );

async function asText({ verdicts }: Found): Promise<string> {
  const differing = verdicts.filter((one) => one.differences.length > 0);
  if (differing.length === 0) return "";
  // Loaded late: every start reads this module, and few find a difference.
  const { differenceLines } = await import("../stages/drift-words.ts");
  const lines = differing.flatMap((one) => [heading(one), ...one.differences.flatMap(differenceLines)]);
  return plainTerminal(lines.join("\n"));
}

const asJson = ({ lines, atWork, verdicts }: Found) => {
  const parts = verdicts.map(({ schema, unknown, recorded, note, differences: list }) => ({
    ...{ schema, known: unknown === undefined, why: unknown, recorded, note },
    differences: list.map(({ object, kind, before, after }) => ({ object, kind, before, after })),
  }));
  return {
    agrees: !atWork && lines.length + drifted(verdicts).length === 0,
    differences: lines,
    ...(atWork ? { atWork } : {}),
    ...(parts.length === 1 && parts[0]?.schema === undefined ? { schema: parts[0] } : { schemas: parts }),
  };
};

async function print(found: Found, { args, io, redactor }: { args: Args; io: Io; redactor: Redactor }): Promise<void> {
  const text = flagArg(args, "json") ? JSON.stringify(asJson(found)) : await asText(found);
  if (text !== "") io.out(`${redactor.clean(text)}\n`);
}

async function compare(args: Args, io: Io): Promise<number> {
  return await withContext("verify", { args, io }, async (context, redactor) => {
    let found: Found | undefined;
    const stage = comparing((one) => {
      found = one;
    });
    const stages = [...order.filter((one) => one.name === "wait"), stage];
    const { error, report } = await runAndReport(context, { stages }, { args, io, redactor });
    if (found !== undefined) await print(found, { args, io, redactor });
    if (error !== undefined) throw error;
    return report.exitCode;
  });
}

async function listIgnored(args: Args, io: Io): Promise<number> {
  const { providerOwned } = await import("../postgres/provider-owned.ts");
  const lines = providerOwned.flatMap(({ provider, sign, schemas = [], extensions = [], owners = [] }) => [
    `${provider}${sign === undefined ? "" : `, where there is the ${"role" in sign ? `role ${sign.role}` : `extension ${sign.extension}`}`}`,
    ...(schemas.length === 0 ? [] : [`  schemas: ${schemas.join(", ")}`]),
    ...(extensions.length === 0 ? [] : [`  extensions: ${extensions.join(", ")}`]),
    ...(owners.length === 0 ? [] : [`  whatever belongs to: ${owners.join(", ")}`]),
  ]);
  io.out(flagArg(args, "json") ? `${JSON.stringify({ ignored: providerOwned })}\n` : `${lines.join("\n")}\n`);
  return 0;
}

export const verify: Command = {
  options: {
    ...databaseOptions,
    ...yesOption,
    accept: flag("take the schema as it is now for the known one, after looking at what differs"),
    "list-ignored": flag("what of platforms and extensions is never looked at"),
  },
  examples: [
    ["headgate verify --dir migrations", "do history, files and schema agree?"],
    ["headgate verify --accept", "somebody has looked at what differs, and it may stay"],
  ],
  async run(args, io) {
    if (flagArg(args, "list-ignored")) return await listIgnored(args, io);
    if (!flagArg(args, "accept")) return await compare(args, io);
    return await runByHand({ name: "accept", after: ["wait", "preflight"], stage: accept() }, args, io);
  },
};
