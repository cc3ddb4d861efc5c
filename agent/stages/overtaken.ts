import { HeadgateError } from "../errors/headgate-error.ts";
import { laterJob } from "../history/later-job.ts";
import type { HistoryState } from "../history/state.ts";
import type { Session } from "../postgres/session.ts";
import type { Context } from "./context.ts";

/** Refuses another try of a Job when a later Job of the same release has done its work meanwhile. Call it under the lock. */
export async function refuseOvertaken(context: Context, session: Session, history: HistoryState): Promise<void> {
  const { pod, names } = context;
  if (pod === undefined || pod.jobUid === "" || !history.exists || history.outdated) return;
  const later = await laterJob(session, names, pod);
  if (later === undefined) return;
  throw new HeadgateError("overtaken", {
    what: `this try of ${pod.jobName} comes too late: ${later.pod} has run ${later.command} for revision ${later.revision} of ${pod.release.name} since the Job began`,
    stands: "nothing was changed by this run",
  });
}
