import { backup } from "../stages/backup.ts";
import { migrate } from "../stages/migrate.ts";
import { plan } from "../stages/plan.ts";
import { preflight } from "../stages/preflight.ts";
import { revert } from "../stages/revert.ts";
import { smoke } from "../stages/smoke.ts";
import type { Stage } from "../stages/stage.ts";
import { verify } from "../stages/verify.ts";
import { wait } from "../stages/wait.ts";

/** The order is the product's promise. The report comes after all of them, whatever happened. */
export const order: readonly Stage[] = [wait, preflight, plan, backup, revert, migrate, verify, smoke];
