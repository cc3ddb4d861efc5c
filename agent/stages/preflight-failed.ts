import type { Checked, Obstacle } from "../checks/check.ts";
import { HeadgateError } from "../errors/headgate-error.ts";

/** A check that found something. */
export type Found = Checked & { readonly obstacle: Obstacle };

export const isFound = (checked: Checked): checked is Found => checked.obstacle !== undefined;

/** The refusal with everything that stands in the way, each with its own fix. */
export const preflightFailed = (what: string, found: readonly Found[]): HeadgateError =>
  new HeadgateError("preflight-failed", {
    what,
    details: found.flatMap(({ name, obstacle }) => [`${name}: ${obstacle.what}`, `  fix: ${obstacle.fix}`]),
    stands: "nothing was changed",
  });
