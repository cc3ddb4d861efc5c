import { promises } from "node:fs";
import type { HeadgateError } from "../errors/headgate-error.ts";
import { cutBytes } from "../lib/cut.ts";
import { cleanReport, type Report } from "./report.ts";
import type { Sink } from "./sink.ts";

/** Kubernetes keeps 4096 bytes of it. */
const LIMIT = 4_096;

/** The verdict as JSON, with as much of `what` and `next` as there is room for: escaped, a character takes up to 6 bytes. */
function fittedJson(verdict: object, texts: { readonly what: string; readonly next: string } | undefined): string {
  if (texts === undefined) return JSON.stringify(verdict);
  for (let room = 2_000; ; room = Math.floor(room / 2)) {
    const json = JSON.stringify({ ...verdict, what: cutBytes(texts.what, room), next: cutBytes(texts.next, room / 2) });
    if (Buffer.byteLength(json) <= LIMIT || room < 16) return json;
  }
}

/** A short verdict as JSON: what `kubectl get pod -o yaml` shows after the logs are gone. */
export function terminationText({
  outcome,
  exitCode,
  applied,
  reverted,
  stoppedAt,
  notReached,
  fleet,
  backup,
  error,
}: Report): string {
  const verdict = {
    outcome,
    exitCode,
    applied: applied.length,
    ...(backup === undefined ? {} : { backup: backup.name }),
    ...(reverted.length === 0 ? {} : { reverted: reverted.length }),
    ...(stoppedAt === undefined ? {} : { stoppedAt }),
    ...(fleet === undefined || fleet.failed.length === 0
      ? {}
      : { failedIn: fleet.failed.slice(0, 8).map((one) => one.schema) }),
    ...(notReached.length === 0 ? {} : { notReached: notReached.length }),
    ...(error === undefined ? {} : { error: error.id }),
  };
  return fittedJson(verdict, error && { what: error.what, next: error.fix });
}

/** The same for an error that ended a container before there was a report. */
export function terminationOfError(error: HeadgateError, clean: (text: string) => string): string {
  const outcome: Report["outcome"] = error.id === "stopped" ? "stopped" : "failed";
  const texts = { what: clean(error.message), next: clean(error.fix) };
  return fittedJson({ outcome, exitCode: error.exitCode, error: error.id }, texts);
}

/** Leaves that message in the container's file, if it has one. A file that cannot be written changes no outcome. */
export async function leaveTermination(
  path: string | undefined,
  error: HeadgateError,
  clean: (text: string) => string,
): Promise<void> {
  if (path !== undefined) await promises.writeFile(path, terminationOfError(error, clean)).catch(() => undefined);
}

export const terminationMessage: Sink = {
  name: "termination-message",
  wanted: ({ terminationLog }) => terminationLog !== undefined,
  async deliver({ report, terminationLog, clean }) {
    if (terminationLog !== undefined)
      await promises.writeFile(terminationLog, terminationText(cleanReport(report, clean)));
  },
};
