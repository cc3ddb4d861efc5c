import type { JobReason } from "../../test/support/pod/types.ts";
import { grouped } from "./screen.ts";
import { countOf, fillShop, type Shop } from "./shop.ts";

/** Something that was looked at after a step. */
export interface Finding {
  readonly ok: boolean;
  readonly text: string;
}

export interface Step {
  readonly title: string;
  /** What a Job copied from somewhere would have done, or what this one adds. */
  readonly point: string;
  readonly verb: "install" | "upgrade" | "test";
  /** Arguments of helm's --set. */
  readonly set: readonly string[];
  readonly exitCode: number;
  /** How the Job ends; of the test Pod, its own success. */
  readonly reason: JobReason;
  /** Whether customers keep ordering meanwhile. */
  readonly traffic?: boolean;
  readonly after?: (shop: Shop) => Promise<Finding[]>;
}

const APPLIED = "SELECT count(*) AS n FROM headgate.history WHERE state = 'applied'";
const EMAIL_KEY =
  "SELECT count(*) AS n FROM pg_attribute WHERE attrelid = 'customers'::regclass AND attname = 'email_key'";
const ORDER = "INSERT INTO orders (customer_id, total_cents) VALUES (1, 4900) RETURNING id AS n";

async function fill(shop: Shop): Promise<Finding[]> {
  const orders = await fillShop(shop);
  return [{ ok: orders >= 200_000, text: `the shop opens and trades for two years: ${grouped(orders)} orders` }];
}

async function whatStands(shop: Shop): Promise<Finding[]> {
  const applied = await countOf(shop, APPLIED);
  const leftover = await countOf(shop, EMAIL_KEY);
  const order = await countOf(shop, ORDER);
  return [
    { ok: applied === 8, text: `stands: ${applied} migrations of the releases before` },
    { ok: leftover === 0, text: "does not: the column email_key, which 009 had added before it failed" },
    { ok: order > 0, text: `and the shop trades on: order ${grouped(order)} was placed just now` },
  ];
}

const NEWEST = "smoke.version=008_payments";

export const steps: readonly Step[] = [
  {
    title: "install: five migrations, before the first pod of the shop starts",
    point:
      "`wait` sits out a slow database, `smoke` proves the schema, and each migration's undo SQL is kept beside the data.",
    verb: "install",
    set: ["image.tag=1.0.0"],
    exitCode: 0,
    reason: "Completed",
    after: fill,
  },
  {
    title: "upgrade: three more, one builds an index, and customers keep ordering",
    point:
      "A copied Job asks for its table locks without a limit, and every customer queues behind it. Here a try gives way.",
    verb: "upgrade",
    set: ["image.tag=1.1.0", NEWEST],
    exitCode: 0,
    reason: "Completed",
    traffic: true,
  },
  {
    title: "upgrade with a migration that fails: refused",
    point:
      "A copied Job tries six times more and leaves BackoffLimitExceeded. Here Helm prints this at once; the old pods stay.",
    verb: "upgrade",
    set: ["image.tag=1.2.0", NEWEST],
    exitCode: 6,
    reason: "PodFailurePolicy",
    after: whatStands,
  },
  {
    title: "upgrade whose expectation is not met: refused",
    point:
      "A copied Job ends well here, for no migration is pending. The new pods would have been the ones to find out.",
    verb: "upgrade",
    set: ["image.tag=1.2.1", NEWEST, "smoke.columns={orders.channel,orders.gift_note}"],
    exitCode: 3,
    reason: "PodFailurePolicy",
  },
  {
    title: "upgrade with nothing to migrate",
    point:
      "No table of the shop is touched. That the image's files are still those that were applied is checked all the same.",
    verb: "upgrade",
    set: ["image.tag=1.2.1", NEWEST],
    exitCode: 0,
    reason: "Completed",
  },
  {
    title: "helm test: the expectations again, whenever you like",
    point: "One Pod that only reads. Ask it after a restore, after a failover, or every night.",
    verb: "test",
    set: ["image.tag=1.2.1", NEWEST],
    exitCode: 0,
    reason: "Completed",
  },
];

/** What a user types, in lines; the demo renders from the same values. */
export function commandOf({ verb, set }: Step): string[] {
  if (verb === "test") return ["helm test shop --logs"];
  const [first = "", ...more] = set.map((pair) => `--set ${pair.includes("{") ? `'${pair}'` : pair}`);
  const head = `helm ${verb} shop chart -f examples/shop/values.yaml ${first}`;
  return more.length === 0 ? [head] : [`${head} \\`, `  ${more.join(" ")}`];
}
