import { expect, test } from "vitest";
import { render } from "./rendered.ts";

test.each([
  ["a mistyped group", { databse: {} }, /databse/],
  ["a mistyped key", { migrate: { lockTimeOut: {} } }, /lockTimeOut/],
  ["a mistyped key of the chart's own", { job: { ttlSecondsAfterFinished: 60 } }, /ttlSecondsAfterFinished/],
  ["a mode, of which there is one", { mode: "job" }, /mode/],
  ["a number for a duration", { wait: { timeout: 45 } }, /wait[./]timeout/],
  ["a duration without a unit", { wait: { timeout: "45" } }, /wait[./]timeout/],
  ["a tag that YAML read as a number", { image: { tag: 1.1 } }, /image[./]tag/],
  ["a tag that no registry takes", { image: { tag: "feature/x" } }, /image[./]tag/],
  ["a digest that is none", { image: { digest: "sha256:123" } }, /image[./]digest/],
  ["a word for a switch", { report: { events: "yes" } }, /report[./]events/],
  ["an unknown way of going back", { rollback: { onAhead: "keep" } }, /rollback[./]onAhead/],
  ["a countdown without a unit", { rollback: { delay: "10" } }, /rollback[./]delay/],
  ["an unknown way with orphans", { migrate: { orphans: "kill" } }, /migrate[./]orphans/],
  ["a key that starts a Job itself", { manual: { schedule: "@daily" } }, /schedule/],
  ["an unknown TLS mode", { database: { tls: { mode: "on" } } }, /tls[./]mode/],
  ["a name with capitals", { fullnameOverride: "Shop" }, /fullnameOverride/],
  ["a label that is no string", { podLabels: { team: 1 } }, /podLabels[./]team/],
  ["a deadline below half a minute", { job: { activeDeadlineSeconds: 5 } }, /activeDeadlineSeconds/],
])("the schema refuses %s", async (_title, values, message) => {
  await expect(render(values)).rejects.toThrow(message);
});
