import { count } from "../lib/count.ts";
import { cutSaying } from "../lib/cut.ts";
import { formatDuration } from "../lib/duration.ts";
import { diffLines, type Marked } from "../lib/line-diff.ts";
import { proved } from "../lib/proved.ts";
import { inUnits } from "../lib/units.ts";
import type { Account } from "./account.ts";
import { html, type Markup, type Part } from "./markup.ts";
import type { SchemaChange } from "./report.ts";
import { changeWord, momentText } from "./words.ts";

/** Rows of one table on the page. */
const ROWS = 300;
const TEXT_CHARS = 8_000;

export interface Heading {
  readonly id: string;
  readonly title: string;
}

export const section = ({ id, title }: Heading, ...content: readonly Part[]): Markup =>
  html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;

/** A text that ends somewhere. */
export const cut = (text: string): string => cutSaying(text, TEXT_CHARS);

/** Scrolls inside itself, by keys too. */
function table(title: string, head: readonly string[], rows: readonly Markup[]): Markup {
  const more =
    rows.length > ROWS
      ? html`<p class="soft small">${rows.length - ROWS} more are not shown; headgate report --format json has them.</p>`
      : html``;
  return html`<div class="scroll" role="region" aria-label="${title}" tabindex="0"><table><thead><tr>${head.map((one) => html`<th scope="col">${one}</th>`)}</tr></thead><tbody>${rows.slice(0, ROWS)}</tbody></table></div>${more}`;
}

/** Term and what it is; those that are not known are left out. */
export function facts(pairs: readonly (readonly [string, Part])[]): Markup {
  const known = pairs.filter(([, value]) => value !== undefined && value !== "");
  return html`<dl class="facts">${known.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>`;
}

const name = (text: string): Markup => html`<bdi class="name">${text}</bdi>`;

const KIND_LOOKS = { added: "good", missing: "bad", different: "warn" } as const;

const LINE_LOOKS = { " ": [" ", "soft"], "-": ["−", "minus"], "+": ["+", "plus"] } as const;

const lines = (list: readonly Marked[]): Markup[] =>
  list.map(([mark, line]) => {
    const [sign, look] = LINE_LOOKS[mark];
    return html`<span class="${look}">${sign} ${line}\n</span>`;
  });

const allMarked = (mark: Marked[0], text: string): Marked[] => text.split("\n").map((line) => [mark, line]);

function changeText({ before, after }: SchemaChange): Markup[] {
  if (before !== undefined && after !== undefined) return lines(diffLines(cut(before), cut(after)));
  return lines(before !== undefined ? allMarked("-", cut(before)) : allMarked("+", cut(after ?? "")));
}

function change(one: SchemaChange): Markup {
  const text =
    (one.before ?? one.after) === undefined
      ? html``
      : html`<div class="inside"><pre tabindex="0" role="region" aria-label="What changed">${changeText(one)}</pre></div>`;
  return html`<details open><summary>${name(one.object)}<span class="pill ${KIND_LOOKS[one.kind]}">${changeWord[one.kind]}</span></summary>${text}</details>`;
}

function changes(heading: Heading, list: readonly SchemaChange[] = []): Markup {
  if (list.length === 0) return html``;
  const more = list.length > ROWS ? html`<p class="soft small">${list.length - ROWS} more are not shown.</p>` : html``;
  return section(
    heading,
    html`<p class="soft">${count(list.length, "object")}</p>`,
    list.slice(0, ROWS).map(change),
    more,
  );
}

export const schemaChanges = ({ report: { schema } }: Account): Markup =>
  changes({ id: "schema", title: "What changed in the schema" }, schema);

/** What somebody had done by hand before this run began. */
export const foundDrift = ({ report: { drift } }: Account): Markup =>
  changes({ id: "drift", title: "Found changed by other hands, before this run" }, drift);

const RISK_LOOKS = { high: "bad", medium: "warn", low: "" } as const;

export function risksTaken({ report: { risks } }: Account): Markup {
  if (risks.length === 0) return html``;
  const rows = risks.map(
    ({ migration, rule, risk, line, danger, accepted }) =>
      html`<tr><td class="tight"><span class="pill ${RISK_LOOKS[risk]}">${risk}</span> ${rule}</td><td>${name(migration)}${line === undefined ? "" : `, line ${line}`}</td><td class="wide">${cut(danger)}</td><td class="wide">${accepted ?? "the bar plan.refuse lets it through"}</td></tr>`,
  );
  const title = { id: "risks", title: "Risks taken" };
  return section(title, table(title.title, ["Rule", "Migration", "Danger", "Accepted because"], rows));
}

const PROVED = {
  read: ["good", proved.read],
  restore: ["good", proved.restore],
  no: ["warn", "not verified"],
} as const;

export function backupTaken({ report: { backup } }: Account): Markup {
  if (backup === undefined) return html``;
  const { name: called, where, strategy, bytes, sha256, durationMs, verified, lsn } = backup;
  const [look, state] = PROVED[verified];
  return section(
    { id: "backup", title: "Backup" },
    facts([
      ["State", html`<span class="pill ${look}">${state}</span>`],
      ["Name", name(called)],
      ["Where", name(where)],
      ["Strategy", strategy],
      ["Size", bytes === undefined ? undefined : inUnits(bytes)],
      ["Took", formatDuration(durationMs)],
      ["SHA-256", sha256 === undefined ? undefined : name(sha256)],
      ["In the WAL at", lsn],
      ["To restore it", bytes === undefined ? undefined : html`<code>headgate backup restore ${called}</code>`],
    ]),
  );
}

export function expectationsMet({ report: { expectations = [] } }: Account): Markup {
  if (expectations.length === 0) return html``;
  const unmet = expectations.filter((one) => !one.met);
  const row = ({ what, met, reason, durationMs }: (typeof expectations)[number]) =>
    html`<tr><td class="tight"><span class="pill ${met ? "good" : "bad"}">${met ? "met" : "not met"}</span></td><td class="wide"><bdi>${cut(what)}</bdi>${reason === undefined ? "" : html`<br><span class="soft">${cut(reason)}</span>`}</td><td class="number">${formatDuration(durationMs)}</td></tr>`;
  const rows = [...unmet, ...expectations.filter((one) => one.met)].map(row);
  const said =
    unmet.length === 0
      ? `All ${expectations.length} are met.`
      : `${unmet.length} of ${expectations.length} are not met.`;
  const title = { id: "expectations", title: "Expectations" };
  return section(title, html`<p class="soft">${said}</p>`, table(title.title, ["", "Expectation", "Took"], rows));
}

export function fleetResult({ report: { fleet } }: Account): Markup {
  if (fleet === undefined) return html``;
  const { listed, unchanged, done, failed, notReached } = fleet;
  const rows = failed.map(
    ({ schema, error, exitCode }) =>
      html`<tr><td>${name(schema)}</td><td>${error}</td><td class="number">${exitCode}</td></tr>`,
  );
  return section(
    { id: "schemas", title: "Schemas of the fleet" },
    facts([
      ["Listed", listed],
      ["Had nothing to do", unchanged],
      ["Done", done.length],
      ["Failed", failed.length],
      ["Not reached", notReached.length],
    ]),
    rows.length === 0 ? "" : table("Schemas that failed", ["Schema", "Error", "Exit code"], rows),
  );
}

export function releaseFacts(account: Account): Markup {
  const { run, target, command, release, by, startedAt, planHash, agentVersion, report } = account;
  return section(
    { id: "release", title: "Run and release" },
    facts([
      ["Database", report.database === undefined ? undefined : name(report.database)],
      ["Command", command],
      ["Run", run],
      ["Set of migrations", target],
      ["Started", startedAt === "" ? undefined : html`<time datetime="${startedAt}">${momentText(startedAt)}</time>`],
      ["By", by],
      ["Release", release === undefined ? undefined : `${release.name}, revision ${release.revision}`],
      ["Namespace", release?.namespace],
      ["Image", release === undefined ? undefined : name(release.image)],
      ["Chart", release?.chart],
      ["Plan", planHash === undefined ? undefined : name(planHash)],
      ["Headgate", agentVersion],
    ]),
  );
}
