import { HeadgateError } from "../errors/headgate-error.ts";
import { count } from "../lib/count.ts";
import type { Context } from "./context.ts";
import type { WayBack } from "./way-back.ts";

/** What is about to be taken back, a line each. */
export const describeReturns = ({ returns, left, losses, to }: WayBack): string[] => [
  `to be taken back, newest first: ${returns.map((down) => down.name).join(", ")}`,
  ...[...losses].map(([name, lost]) => `${name} loses ${lost.join(", ")}`),
  ...(left.length === 0 ? [] : [`left as it is, older code works with it: ${left.join(", ")}`]),
  `the newest migration is then ${to ?? "none"}`,
];

const isAhead = ({ going }: Context): boolean => going.goal.kind === "files";

/** The command that does it on purpose, and how the release goes on after it. */
function wayOut(context: Context, { obstacles, to }: WayBack): string {
  const { pod } = context;
  const blocked = obstacles.filter((one) => !one.acceptable).map((one) => one.name);
  const loses = obstacles.some((one) => one.acceptable);
  const target = to === undefined ? "--all" : `--to ${to}`;
  const manual = pod?.release.manualRevert;
  return [
    ...(blocked.length === 0
      ? []
      : [
          `take back ${blocked.join(", ")} by hand, and record it: headgate repair ${blocked.join(" ")} --pending --yes`,
        ]),
    `take ${loses ? "the schema back and accept the loss" : "the rest back"}: headgate revert ${target} --accept-data-loss --yes`,
    "(at a desk whose DATABASE_URL leads to this database)",
    ...(manual === undefined || manual === "" || blocked.length > 0
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

/** Refuses a way back with everything that stands in it; always throws. */
export function refuseWayBack(context: Context, back: WayBack): never {
  const { returns, obstacles, from, to } = back;
  const ahead = isAhead(context) ? "the database is ahead of this release, and " : "";
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
