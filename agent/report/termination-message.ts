import { writeFile } from "node:fs/promises";
import type { Report } from "./report.ts";
import type { Sink } from "./sink.ts";

/** Kubernetes keeps 4096 bytes of it. */
const LIMIT = 4_000;

const fitted = (text: string, bytes: number): string => {
  const buffer = Buffer.from(text, "utf8");
  return buffer.length <= bytes
    ? text
    : `${buffer
        .subarray(0, bytes - 3)
        .toString("utf8")
        .replace(/�$/, "")}…`;
};

/** A short verdict as JSON: what `kubectl get pod -o yaml` shows after the logs are gone. */
export function terminationText(report: Report): string {
  const verdict = {
    outcome: report.outcome,
    exitCode: report.exitCode,
    applied: report.applied.length,
    ...(report.stoppedAt === undefined ? {} : { stoppedAt: report.stoppedAt }),
    ...(report.notReached.length === 0 ? {} : { notReached: report.notReached.length }),
    ...(report.error === undefined
      ? {}
      : { error: report.error.id, what: fitted(report.error.what, 1_500), next: fitted(report.error.fix, 1_000) }),
  };
  return fitted(JSON.stringify(verdict), LIMIT);
}

export const terminationMessage: Sink = {
  name: "termination-message",
  wanted: ({ terminationLog }) => terminationLog !== undefined,
  async deliver({ report, terminationLog, clean }) {
    if (terminationLog !== undefined) await writeFile(terminationLog, clean(terminationText(report)));
  },
};
