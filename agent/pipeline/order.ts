import type { Stage } from "../stages/stage.ts";
import { wait } from "../stages/wait.ts";

/** A stage that is loaded while the one before it waits for the server. */
const late = (known: Pick<Stage, "name" | "changes">, load: () => Promise<Stage>): Stage => ({
  ...known,
  early: async (context, state) => (await (await load()).early?.(context, state)) ?? {},
  run: async (context, state, found) => await (await load()).run(context, state, found),
});

/** The order is the product's promise. The report comes after all of them, whatever happened. */
export const order: readonly Stage[] = [
  wait,
  late({ name: "preflight", changes: "nothing" }, async () => (await import("../stages/preflight.ts")).preflight),
  late({ name: "plan", changes: "nothing" }, async () => (await import("../stages/plan.ts")).plan),
  late({ name: "backup", changes: "storage" }, async () => (await import("../stages/backup.ts")).backup),
  late({ name: "revert", changes: "database" }, async () => (await import("../stages/revert.ts")).revert),
  late({ name: "migrate", changes: "database" }, async () => (await import("../stages/migrate.ts")).migrate),
  late({ name: "verify", changes: "nothing" }, async () => (await import("../stages/verify.ts")).verify),
  late({ name: "smoke", changes: "nothing" }, async () => (await import("../stages/smoke.ts")).smoke),
];
