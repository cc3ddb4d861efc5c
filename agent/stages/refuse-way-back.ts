import { HeadgateError } from "../errors/headgate-error.ts";
import { count } from "../lib/count.ts";
import { shellWord } from "../lib/shell.ts";
import type { Context } from "./context.ts";
import type { WayBack } from "./way-back.ts";

/** What is about to be taken back, a line each. */
export const describeReturns = ({ returns, left, losses, to }: WayBack): string[] => [
  `to be taken back, newest first: ${returns.map((down) => down.name).join(", ")}`,
  ...[...losses].map(([name, lost]) => `${name} loses ${lost.join(", ")}`),
  ...(left.length === 0 ? [] : [`left as it is, older code works with it: ${left.join(", ")}`]),
  `the newest migration is then ${to ?? "none"}`,
];

const isOntoFiles = ({ going }: Context): boolean => going.goal.kind === "files";

/** Neighbours in the way back that take the same road. */
interface Stretch {
  readonly byHand: boolean;
  /** Newest first. */
  readonly names: string[];
}

function stretchesOf({ returns, obstacles }: WayBack): Stretch[] {
  const blocked = new Set(obstacles.filter((one) => !one.acceptable).map((one) => one.name));
  const stretches: Stretch[] = [];
  for (const { name } of returns) {
    const byHand = blocked.has(name);
    const last = stretches.at(-1);
    if (last?.byHand === byHand) last.names.push(name);
    else stretches.push({ byHand, names: [name] });
  }
  return stretches;
}

/** What a person types, in this order: the newest goes first, because it may stand on what is older. */
function commandsOf({ going, schema }: Context, back: WayBack): string[] {
  const { obstacles, losses, to } = back;
  const stretches = stretchesOf(back);
  const here = schema === undefined ? "" : ` --schema ${shellWord(schema)}`;
  const revert = (stays: string | undefined, more = "") =>
    `headgate revert${here} ${stays === undefined ? "--all" : `--to ${stays}`}${more} --yes`;
  const loses = (name: string) =>
    obstacles.some((one) => one.acceptable && one.name === name) || (going.acceptDataLoss && losses.has(name));
  const lines = stretches.map(({ byHand, names }, at) => {
    if (byHand)
      return `take back ${names.join(", ")} by hand, and record it: headgate repair ${names.join(" ")}${here} --pending --yes`;
    const next = stretches[at + 1]?.names[0];
    const rest = stretches.length === 1 ? "the schema" : "the rest";
    const [accept, flag] = names.some(loses) ? [" and accept the loss", " --accept-data-loss"] : ["", ""];
    return `take ${next === undefined ? rest : `what came after ${next}`} back${accept}: ${revert(next ?? to, flag)}`;
  });
  const ends = stretches.at(-1)?.byHand === true ? [`see that nothing is left to take back: ${revert(to)}`] : [];
  return [...lines, ...ends].map((line, at) => (at === 0 ? line : `then ${line}`));
}

/** The commands that do it on purpose, and how the release goes on after them. */
function wayOut(context: Context, back: WayBack): string {
  const { pod } = context;
  const manual = pod?.release.manualRevert;
  const blocked = back.obstacles.some((one) => !one.acceptable);
  return [
    ...commandsOf(context, back),
    ...(context.schema === undefined || blocked
      ? []
      : [
          "or in every schema at once, with the values of the fleet: headgate revert -f values.yaml --refused --accept-data-loss --yes",
        ]),
    "(at a desk whose DATABASE_URL leads to this database)",
    ...(manual === undefined || manual === "" || blocked
      ? []
      : [
          `or in the cluster, where that CronJob is there: kubectl --namespace ${pod?.namespace} create job --from=cronjob/${manual} ${manual}-$(date +%s)`,
        ]),
    ...(pod === undefined
      ? []
      : [
          `then roll back again, naming the revision: helm rollback ${pod.release.name} ${pod.release.revision} --namespace ${pod.release.namespace}`,
          `or stay with the newer release: helm history ${pod.release.name} --namespace ${pod.release.namespace} names its revision, and helm rollback goes to it`,
        ]),
  ].join("\n");
}

/** The way back that is really taken: with rollback.onRefusal proceed the release goes back over a schema that cannot. */
export function allowedWayBack(context: Context, back: WayBack): WayBack {
  const { settings, log } = context;
  const proceeds = settings.rollback.onRefusal === "proceed" && isOntoFiles(context);
  if (back.obstacles.length === 0 || !proceeds) return back;
  const left = [...back.left, ...back.returns.map((down) => down.name).toReversed()];
  log.warn(
    `the schema cannot go back, and rollback.onRefusal is proceed: ${left.join(", ")} ${left.length === 1 ? "stays" : "stay"} ahead`,
  );
  return { ...back, returns: [], obstacles: [], losses: new Map(), left, to: back.from };
}

/** Refuses a way back with everything that stands in it; always throws. */
export function refuseWayBack(context: Context, back: WayBack): never {
  const { returns, obstacles, from, to } = back;
  const ahead = isOntoFiles(context) ? "the database is ahead of this release, and " : "";
  throw new HeadgateError("rollback-refused", {
    what: `${ahead}the schema must not go back from ${from ?? "none"} to ${to ?? "before the first migration"}: ${obstacles.length} of ${count(returns.length, "migration")} to be taken back ${obstacles.length === 1 ? "stands" : "stand"} in the way`,
    details: obstacles.flatMap(({ name, why }) => why.map((reason) => `${name}: ${reason}`)),
    stands: `nothing was changed; the newest migration is still ${from}`,
    fix: wayOut(context, back),
  });
}

/** The database is ahead, and rollback.onAhead is fail. */
export const databaseAhead = (names: readonly string[]): HeadgateError =>
  new HeadgateError("database-ahead", {
    what: `the database is ahead of these files by ${names.join(", ")}`,
    stands: "nothing was changed",
  });
