import type { FileRule } from "./rule.ts";

/** An acknowledgement of something that is not there. */
export const HG814: FileRule = {
  id: "HG814",
  risk: "low",
  acknowledgeable: true,
  checkFile({ migration }, { isRule, foundAlone }) {
    const idle = migration.allowed.filter(({ rule }) => rule !== "HG814" && !foundAlone().has(rule));
    return idle.map(({ rule, line }) => ({
      line,
      danger: `allow ${rule} accepts nothing: ${isRule(rule) ? `${rule} finds nothing in this file` : `there is no rule ${rule}`}`,
      instead: "delete the line, or correct its rule: headgate lint names the rule of each finding",
    }));
  },
};
