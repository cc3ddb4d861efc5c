import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rules } from "../../agent/rules/index.ts";

const PAGES = join(import.meta.dirname, "../../docs/rules");

/** A rule's title, from the first line of its page: `# HG101: title`. */
function titleOf(id: string): string {
  const [first = ""] = readFileSync(join(PAGES, `${id}.md`), "utf8").split("\n", 1);
  return first.replace(`# ${id}: `, "");
}

/** The index of the rules' pages. */
export const rulesReadme = (): string => `# Rules

What \`headgate lint\` and \`headgate plan\` find, and what stops a release: a finding of risk high that nobody has accepted
(\`plan.refuse\`). \`headgate explain HG101\` prints a rule's page: what happens, and what to write instead. A rule without a risk
names what cannot work at all, and is accepted by nothing.

| rule | risk | what it finds |
| --- | --- | --- |
${rules
  .map(({ id, risk, acknowledgeable }) => `| [${id}](${id}.md) | ${acknowledgeable ? risk : ""} | ${titleOf(id)} |`)
  .join("\n")}
`;
