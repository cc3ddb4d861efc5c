/** An entry of Keep a Changelog, as Artifact Hub wants to have it. */
export interface Change {
  readonly kind: string;
  readonly description: string;
}

const KINDS = ["added", "changed", "deprecated", "removed", "fixed", "security"];

/** What stands under `## [version]`, up to the next version. */
export function sectionOf(changelog: string, version: string): string {
  const sections = changelog.split(/^(?=## \[)/m);
  const section = sections.find((one) => one.startsWith(`## [${version}]`));
  if (section === undefined) throw new Error(`CHANGELOG.md has no section ## [${version}].`);
  return section.split("\n").slice(1).join("\n").trim();
}

function changesUnder(heading: string): Change[] {
  const [title = "", ...lines] = heading.split("\n");
  const kind = title.trim().toLowerCase();
  if (!KINDS.includes(kind)) throw new Error(`CHANGELOG.md: "### ${title}" is none of ${KINDS.join(", ")}.`);
  const entries = lines.join("\n").split(/^- /m).slice(1);
  return entries.map((entry) => ({ kind, description: entry.replace(/\s+/g, " ").trim() }));
}

export const changesOf = (changelog: string, version: string): Change[] =>
  sectionOf(changelog, version).split(/^### /m).slice(1).flatMap(changesUnder);
