import type { Io } from "../lib/io.ts";
import { order } from "../pipeline/order.ts";
import { ontoFiles } from "../stages/going.ts";
import type { Stage, StageName } from "../stages/stage.ts";
import type { Args } from "./command.ts";
import { consentOf } from "./consent.ts";
import { needsSchema } from "./over-fleet.ts";
import { runStaged } from "./run-stages.ts";

export interface ByHand {
  readonly name: string;
  /** Stages of the ordinary pipeline that come before. */
  readonly after: readonly StageName[];
  readonly stage: Stage;
}

/** Runs a command that writes into the history what a person has decided, and asks before; gives its exit code. */
export async function runByHand({ name, after, stage }: ByHand, args: Args, io: Io): Promise<number> {
  const error = await runStaged(
    {
      name,
      adapt(context) {
        needsSchema(context);
        return { ...context, going: { ...ontoFiles, consent: consentOf(name, args, io) } };
      },
      options: () => ({ stages: [...order.filter((one) => after.includes(one.name)), stage] }),
    },
    args,
    io,
  );
  return error?.exitCode ?? 0;
}
