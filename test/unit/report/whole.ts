import type { Report } from "../../../agent/report/report.ts";

/** A report of a run that ended well and did nothing, but for what is given. */
export const whole = (part: Partial<Report>): Report => ({
  format: 1,
  command: "migrate",
  outcome: "done",
  exitCode: 0,
  agentVersion: "1",
  startedAt: "2026-01-01T00:00:00Z",
  durationMs: 1,
  database: "shop",
  planHash: undefined,
  backup: undefined,
  risks: [],
  stages: [],
  drift: undefined,
  expectations: undefined,
  schema: undefined,
  applied: [],
  reverted: [],
  ahead: [],
  stoppedAt: undefined,
  notReached: [],
  fleet: undefined,
  error: undefined,
  release: undefined,
  ...part,
});
