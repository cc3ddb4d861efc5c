import { afterEach, beforeEach } from "vitest";
import { MARK } from "../support/canary.ts";
import { type Result, startHeadgate } from "../support/headgate.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { type Scene, useScene } from "./scene.ts";

export const PATH = `/services/T0000/B0000/${MARK}`;

/** Migrations that fail; what PostgreSQL says of it quotes a row. */
export const BAD = {
  "2_twice.sql": "INSERT INTO orders VALUES (1, 'a'), (2, 'b');",
  "3_unique.sql":
    "INSERT INTO orders VALUES (3, 'ada@example.com'), (4, 'ada@example.com'); CREATE UNIQUE INDEX ON orders (mail);",
};
interface SinkScene {
  readonly scene: Scene;
  readonly receiver: () => Receiver;
  /** Values under `report`. */
  reporting(report: Readonly<Record<string, unknown>>): void;
  /** Runs a migration; `toldMs` is how long it told of its end, from the log's last line of its own on. */
  migrate(env?: Readonly<Record<string, string>>): Promise<Result & { readonly toldMs: number }>;
  /** Where the webhook and Slack are. */
  toWebhook(): Readonly<Record<string, string>>;
  toSlack(): Readonly<Record<string, string>>;
}

/** A database, a table to be made in it, and somebody who listens. */
export function useSinks(): SinkScene {
  const scene = useScene({ "1_orders.sql": "CREATE TABLE orders (id int PRIMARY KEY, mail text);" });
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => await receiver.close());
  return {
    scene,
    receiver: () => receiver,
    toWebhook: () => ({ HEADGATE_WEBHOOK_URL: `${receiver.url}${PATH}` }),
    toSlack: () => ({ HEADGATE_SLACK_URL: `${receiver.url}${PATH}` }),
    reporting: (report) => scene.values({ report }),
    async migrate(env = {}) {
      const args = ["migrate", "--dir", scene.files.path, ...scene.valuesArgs];
      const { process, result, stderr } = startHeadgate(args, { DATABASE_URL: scene.database.url, ...env });
      let over = Number.NaN;
      process.stderr?.on("data", () => {
        if (Number.isNaN(over) && /^\w+, exit code \d+, after /m.test(stderr())) over = performance.now();
      });
      const ended = await result;
      return { ...ended, toldMs: performance.now() - over };
    },
  };
}
