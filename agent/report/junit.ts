import type { Account, MigrationAccount } from "./account.ts";
import { junitXml, type TestCase } from "./junit-xml.ts";
import type { ExpectationResult, StageRecord } from "./report.ts";
import { nextSteps } from "./words.ts";

const ofMigration = (one: MigrationAccount): TestCase => ({
  of: one.name,
  name: one.direction === "down" ? "take back" : "apply",
  durationMs: one.durationMs,
});

const ofExpectation = ({ what, met, reason, durationMs }: ExpectationResult): TestCase => ({
  of: "expectation",
  name: what,
  durationMs,
  failure: met ? undefined : { what: reason ?? `not met: ${what}`, text: reason ?? "" },
});

const unreached = (name: string): TestCase => ({ of: name, name: "apply", durationMs: 0, skipped: "not reached" });

/** What the error says, for whoever reads only this. */
function failureOf(account: Account): NonNullable<TestCase["failure"]> {
  const { error } = account.report;
  if (error === undefined) return { what: `ended as ${account.outcome}`, text: nextSteps(account).join("\n") };
  const text = [...error.details, `what stands: ${error.stands}`, `what to do: ${error.fix}`].join("\n");
  return { what: error.what, text };
}

const ofStage = ({ name, status, durationMs, summary }: StageRecord, account: Account): TestCase => ({
  of: "stage",
  name,
  durationMs,
  skipped: status === "skipped" || status === "not reached" ? summary || status : undefined,
  failure: status === "failed" ? failureOf(account) : undefined,
});

/** A run that failed is red, whether or not a stage of it is known to have failed. */
function whole(account: Account): TestCase[] {
  const { outcome, report, command } = account;
  const isTold = report.stages.some(({ status }) => status === "failed");
  if (outcome === "done" || isTold) return [];
  return [{ of: "run", name: command, durationMs: 0, failure: failureOf(account) }];
}

/** A test case for each stage, migration and expectation. */
export function junitReport(account: Account): string {
  const { report, migrations, command } = account;
  return junitXml(`headgate ${command}`, [
    ...report.stages.map((stage) => ofStage(stage, account)),
    ...migrations.map(ofMigration),
    ...report.notReached.map(unreached),
    ...(report.expectations ?? []).map(ofExpectation),
    ...whole(account),
  ]);
}
