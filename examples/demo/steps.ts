import type { JobReason } from "../../test/support/pod/types.ts";
import {
  CLAIM,
  channelsBeside,
  copyProved,
  type Finding,
  fill,
  indexBuilt,
  renameTakenBack,
  restoreLast,
  riskRefused,
  WAY_OUT,
  wayOutPrinted,
  weightsGone,
  whatStands,
} from "./looks.ts";
import type { Shop } from "./shop.ts";

export interface Step {
  readonly title: string;
  /** What a Job copied from somewhere would have done, or what this one adds. */
  readonly point: string;
  /** `plan`, `revert` and `backup` are typed at a desk; the others are Helm's. */
  readonly verb: "install" | "upgrade" | "test" | "rollback" | "plan" | "revert" | "backup";
  /** Helm's number of the release whose hooks run; of a rollback, of the one it goes back to. */
  readonly revision: number;
  /** Arguments of helm's --set; of `revert` and `backup`, its own; of `plan`, the image whose migrations it is about. */
  readonly set: readonly string[];
  /** The same, where only the steps before tell. */
  readonly setNow?: (shop: Shop) => Promise<readonly string[]>;
  /** It runs pg_dump, which not every machine has. */
  readonly dumps?: boolean;
  readonly exitCode: number;
  /** How the Job ends; of the test Pod, its own success. */
  readonly reason: JobReason;
  /** Whether customers keep ordering meanwhile. */
  readonly traffic?: boolean;
  readonly after?: (shop: Shop, log: string) => Promise<Finding[]>;
}
const NEWEST = "smoke.version=008_payments";

export const steps: readonly Step[] = [
  {
    title: "install: five migrations, before the first pod of the shop starts",
    point:
      "`wait` sits out a slow database, `smoke` proves the schema, and each migration's undo SQL is kept beside the data.",
    verb: "install",
    revision: 1,
    set: ["image.tag=1.0.0"],
    exitCode: 0,
    reason: "Completed",
    after: fill,
  },
  {
    title: "headgate plan: what the next release will do, before anybody does it",
    point: "Statement by statement: the lock it takes, how big that table is here, and what customers feel meanwhile.",
    verb: "plan",
    revision: 0,
    set: ["1.1.0"],
    exitCode: 0,
    reason: "Completed",
  },
  {
    title: "upgrade: three more, one builds an index, and customers keep ordering",
    point:
      "A copied Job asks for its table locks without a limit, and every customer queues behind it. Here a try gives way.",
    verb: "upgrade",
    revision: 2,
    set: ["image.tag=1.1.0", NEWEST],
    exitCode: 0,
    reason: "Completed",
    traffic: true,
  },
  {
    title: "upgrade with a risky migration: refused, with what to write instead",
    point: "A copied Job builds this index, and for that time nobody can place an order.",
    verb: "upgrade",
    revision: 3,
    set: ["image.tag=1.2.0", NEWEST],
    exitCode: 3,
    reason: "PodFailurePolicy",
    after: riskRefused,
  },
  {
    title: "upgrade with the same index, as the recipe says",
    point: "Built beside the running shop. A kill half-way would leave an invalid index, which the next try rebuilds.",
    verb: "upgrade",
    revision: 4,
    set: ["image.tag=1.2.1", NEWEST],
    exitCode: 0,
    reason: "Completed",
    traffic: true,
    after: indexBuilt,
  },
  {
    title: "upgrade in a hurry, with every risk let through: its migration fails",
    point:
      "A copied Job tries six times more and leaves BackoffLimitExceeded. Here Helm prints this at once; the old pods stay.",
    verb: "upgrade",
    revision: 5,
    set: ["image.tag=1.3.0", "plan.refuse=never", NEWEST],
    exitCode: 6,
    reason: "PodFailurePolicy",
    after: whatStands,
  },
  {
    title: "upgrade whose expectation is not met: refused",
    point:
      "A copied Job ends well here, for no migration is pending. The new pods would have been the ones to find out.",
    verb: "upgrade",
    revision: 6,
    set: ["image.tag=1.3.1", NEWEST, "smoke.columns={orders.channel,orders.gift_note}"],
    exitCode: 3,
    reason: "PodFailurePolicy",
  },
  {
    title: "upgrade with nothing to migrate",
    point:
      "No table of the shop is touched. That the image's files are still those that were applied is checked all the same.",
    verb: "upgrade",
    revision: 7,
    set: ["image.tag=1.3.1", NEWEST],
    exitCode: 0,
    reason: "Completed",
  },
  {
    title: "helm test: the expectations again, whenever you like",
    point: "One Pod that only reads. Ask it after a restore, after a failover, or every night.",
    verb: "test",
    revision: 7,
    set: ["image.tag=1.3.1", NEWEST],
    exitCode: 0,
    reason: "Completed",
  },
  {
    title: "upgrade that adds a column and renames another",
    point:
      "Each migration is judged when it is applied: would older code go on working, and would going back lose data?",
    verb: "upgrade",
    revision: 8,
    set: ["image.tag=1.4.0", NEWEST],
    exitCode: 0,
    reason: "Completed",
  },
  {
    title: "helm rollback: the old image takes back what it has never seen",
    point: "A copied Job goes back with the code alone, and the old pods ask for a column that is not there any more.",
    verb: "rollback",
    revision: 7,
    set: ["image.tag=1.3.1", NEWEST],
    exitCode: 0,
    reason: "Completed",
    after: renameTakenBack,
  },
  {
    title: "upgrade again, and one more that older code cannot live with",
    point: "The rename is applied anew; gift_note was there all along.",
    verb: "upgrade",
    revision: 10,
    set: ["image.tag=1.5.0", NEWEST],
    exitCode: 0,
    reason: "Completed",
  },
  {
    title: "helm rollback over data that would be lost: refused",
    point: "Nothing has changed: neither the schema nor the pods. Somebody has to say that the weights may go.",
    verb: "rollback",
    revision: 7,
    set: ["image.tag=1.3.1", NEWEST],
    exitCode: 3,
    reason: "PodFailurePolicy",
    after: wayOutPrinted,
  },
  {
    title: "the way out, as it was printed",
    point: "The SQL comes out of the database: no desk needs the newer files.",
    verb: "revert",
    revision: 0,
    set: WAY_OUT,
    exitCode: 0,
    reason: "Completed",
    after: weightsGone,
  },
  {
    title: "helm rollback once more",
    point: "Nothing is left to take back, so the old pods may start. What is still ahead only adds.",
    verb: "rollback",
    revision: 7,
    set: ["image.tag=1.3.1", NEWEST],
    exitCode: 0,
    reason: "Completed",
    after: renameTakenBack,
  },
  {
    title: "upgrade that drops a column: first a copy, and proof that it can be read",
    point:
      "A copied Job drops it and hopes. Here pg_dump runs under the run's lock, and the copy is read back before anything goes.",
    verb: "upgrade",
    revision: 13,
    set: ["image.tag=1.6.0", NEWEST, "backup.strategy=dump", `backup.volume.existingClaim=${CLAIM}`],
    exitCode: 0,
    reason: "Completed",
    dumps: true,
    after: copyProved,
  },
  {
    title: "the channels were wanted after all: the copy, restored beside the shop",
    point: "Into a database of its own, which nobody can take for whole before it is.",
    verb: "backup",
    revision: 0,
    set: [],
    setNow: restoreLast,
    exitCode: 0,
    reason: "Completed",
    dumps: true,
    after: channelsBeside,
  },
];

/** What a user types, in lines; the demo renders from the same values. */
export function commandOf({ verb, set, revision }: Step): string[] {
  if (verb === "test") return ["helm test shop --logs"];
  if (verb === "rollback") return [`helm rollback shop ${revision}`];
  if (verb === "plan") return ["headgate plan --dir migrations"];
  if (verb === "revert" || verb === "backup") return [`headgate ${verb} ${set.join(" ")}`];
  const [first = "", ...more] = set.map((pair) => `--set ${pair.includes("{") ? `'${pair}'` : pair}`);
  const head = `helm ${verb} shop chart -f examples/shop/values.yaml ${first}`;
  return more.length === 0 ? [head] : [`${head} \\`, `  ${more.join(" ")}`];
}
