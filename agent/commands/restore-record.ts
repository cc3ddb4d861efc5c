import { readHistory } from "../history/state.ts";
import { elapsed } from "../lib/clock.ts";
import type { Connection } from "../postgres/connection.ts";
import { openSession } from "../postgres/session.ts";
import { begin } from "../stages/begin.ts";
import type { Context } from "../stages/context.ts";
import { namesFor } from "../stages/schemas.ts";
import { recordMember } from "./run-and-report.ts";

export interface RestoreFacts {
  /** To the restored database. */
  readonly connection: Connection;
  /** Of the backup. */
  readonly target: string;
  readonly summary: string;
  readonly startedAt: Date;
  /** The same moment as `elapsed` tells it. */
  readonly beganMs: number;
  readonly clean: (text: string) => string;
}

/**
 * Leaves a run's row in the restored database: whoever asks later why its history ends where it does finds the answer
 * there. Does nothing where Headgate has no tables, or those of an older version. A kill before it leaves the restore whole,
 * and no row.
 */
export async function recordRestore(
  { settings, ...context }: Context,
  { connection, target, summary, startedAt, beganMs, clean }: RestoreFacts,
): Promise<void> {
  const own = { ...settings, history: { ...settings.history, target } };
  const restoring = { ...context, settings: own, names: namesFor(own), command: "restore" };
  const session = await openSession(connection, {
    applicationName: context.applicationName,
    timeoutMs: 10_000,
    database: settings.database,
  });
  try {
    const history = await readHistory(session, restoring.names);
    if (!history.exists || history.outdated) return;
    const begun = await begin(restoring, session, { planHash: undefined });
    const durationMs = elapsed() - beganMs;
    await recordMember(clean)(restoring, {
      ...{ startedAt, beganMs, durationMs, error: undefined, state: { session, begun } },
      records: [{ name: "restore", status: "ok", startedMs: 0, durationMs, summary }],
    });
  } finally {
    await session.close();
  }
}
