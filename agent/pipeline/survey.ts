import { catalogue } from "../errors/catalogue.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import type { Names } from "../history/schema.ts";
import { unchangedAmong } from "../history/unchanged.ts";
import { count } from "../lib/count.ts";
import { quiet, warningOnce } from "../lib/log.ts";
import { withSchema } from "../lib/row-lines.ts";
import { placeIn, type Session } from "../postgres/session.ts";
import { isConnectionLoss } from "../postgres/sqlstate.ts";
import { findEndangered } from "../stages/backup.ts";
import { isPrepared } from "../stages/begin.ts";
import type { Context } from "../stages/context.ts";
import type { Endangered } from "../stages/endangered.ts";
import { need } from "../stages/need.ts";
import { filesFor, plan } from "../stages/plan.ts";
import { preflight } from "../stages/preflight.ts";
import { allowedWayBack, refuseWayBack } from "../stages/refuse-way-back.ts";
import { inSchema } from "../stages/schemas.ts";
import type { Stage } from "../stages/stage.ts";
import type { RunState } from "../stages/state.ts";
import type { WayBack } from "../stages/way-back.ts";
import { runStages } from "./runner.ts";

/** A schema of the fleet with what is known of it before anything changes. Its plan is made again when its turn comes: a thousand of them would be big. */
export interface Member {
  readonly schema: string;
  readonly context: Context;
  readonly back: WayBack | undefined;
  readonly invalidBefore: readonly string[] | undefined;
  readonly planHash: string | undefined;
  /** What a backup is wanted of. */
  readonly endangered: Endangered | undefined;
}

export interface Survey {
  readonly unchanged: readonly string[];
  /** There is something to do in them, in the fleet's order. */
  readonly work: readonly Member[];
  /** Of those, what must not be done. */
  readonly refused: readonly Problem[];
}

export interface Problem {
  readonly schema: string;
  readonly error: HeadgateError;
}

/** Schemas that an error lists one by one. */
const LISTED = 20;

/** What is worst for somebody who has to act decides how the run ends: half-done work before all others. */
const worst = (problems: readonly [Problem, ...Problem[]]): Problem =>
  problems.find(({ error }) => error.id === "needs-attention") ?? problems[0];

/** All of one schema's own error, with what stands there and what to do where it differs from the one that leads. */
const linesOf = ({ schema, error }: Problem, leading: HeadgateError): string[] => [
  ...(error === leading ? [] : [`${schema}: ${error.message}`]),
  ...error.details.map((line) => withSchema(line, schema)),
  ...(error.stands === catalogue[error.id].stands ? [] : [`${schema}: what stands: ${error.stands}`]),
  ...(error === leading || error.fix === leading.fix ? [] : [`${schema}: next: ${error.fix}`]),
];

/** One error of several schemas. */
export function combined(problems: readonly [Problem, ...Problem[]], listed: number, stands?: string): HeadgateError {
  const { schema, error } = worst(problems);
  const more = problems.length - LISTED;
  return new HeadgateError(error.id, {
    what: `in ${problems.length} of ${count(listed, "schema")}: ${schema}: ${error.message}`,
    details: [
      ...problems.slice(0, LISTED).flatMap((one) => linesOf(one, error)),
      ...(more > 0 ? [`and ${more} more`] : []),
    ],
    ...(stands === undefined ? {} : { stands }),
    fix: error.fix,
    cause: error,
  });
}

/** A way back that must not be gone ends the look at a schema as it would end its run. */
const judge: Stage = {
  name: "revert",
  changes: "nothing",
  async run(context, state) {
    const wanted = need(state, "plan");
    const back = allowedWayBack(context, wanted.back);
    if (back.obstacles.length > 0) refuseWayBack(context, back);
    return { state: { plan: { ...wanted, back } }, summary: "" };
  },
};

function isIdle({ command }: Context, { plan: made }: RunState): boolean {
  if (made === undefined || made.back.returns.length > 0) return false;
  return command === "revert" || (made.migrations.length === 0 && isPrepared(made.history));
}

/** Checks and plans one schema, on a session that is somewhere else. */
async function look(context: Context, session: Session, said: Set<string>) {
  await session.query(placeIn(context.settings.database));
  // Most warnings are of the whole database, and hold for every schema.
  const silent = { ...context, log: warningOnce(quiet(context.log), said) };
  const { error, state } = await runStages(silent, { stages: [preflight, plan, judge], state: { session } });
  if (isConnectionLoss(error?.cause)) throw error?.cause;
  const made = error === undefined ? state.plan : undefined;
  return { error, state, endangered: made && (await findEndangered(context, session, made)) };
}

/** To carry out what was refused, there is nothing to do where nothing was. */
const wasNeverRefused = ({ going }: Context, error: HeadgateError | undefined): boolean =>
  going.goal.kind === "refused" && error?.id === "no-such-target";

async function unchangedMembers(
  context: Context,
  session: Session,
  { members, exists }: { readonly members: readonly Pick<Member, "context">[]; readonly exists: boolean },
): Promise<Set<Names>> {
  // A run that goes back to something else than its files has to ask each schema.
  if (!exists || context.going.goal.kind !== "files") return new Set();
  const targets = members.map((member) => member.context.names);
  return await unchangedAmong(session, targets, filesFor(context));
}

/**
 * Looks at every schema before one of them is changed, on one session: most are where the files want them, which three
 * queries say of all together; the others are checked and planned. Reads only.
 */
export async function survey(
  context: Context,
  session: Session,
  { schemas, exists }: { readonly schemas: readonly string[]; readonly exists: boolean },
): Promise<Survey> {
  const listed = { ...context, files: filesFor(context) };
  const members = schemas.map((schema) => ({ schema, context: inSchema(listed, schema) }));
  const same = await unchangedMembers(listed, session, { members, exists });
  const unchanged: string[] = [];
  const work: Member[] = [];
  const refused: Problem[] = [];
  const said = new Set<string>();
  for (const member of members) {
    context.signal.throwIfAborted();
    if (same.has(member.context.names)) {
      unchanged.push(member.schema);
      continue;
    }
    const { error, state, endangered } = await look(member.context, session, said);
    if (wasNeverRefused(context, error)) {
      unchanged.push(member.schema);
      continue;
    }
    if (error !== undefined) refused.push({ schema: member.schema, error });
    if (error === undefined && isIdle(context, state)) unchanged.push(member.schema);
    else
      work.push({
        ...member,
        back: state.plan?.back,
        invalidBefore: state.invalidBefore,
        planHash: state.plan?.hash,
        endangered,
      });
  }
  if (unchanged.length < members.length) await session.query(session.restore);
  return { unchanged, work, refused };
}
