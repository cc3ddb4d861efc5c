import { hash } from "node:crypto";
import { exitCodes } from "../errors/exit-codes.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Account } from "./account.ts";
import { migrationList } from "./html-migrations.ts";
import {
  backupTaken,
  cut,
  expectationsMet,
  fleetResult,
  foundDrift,
  releaseFacts,
  risksTaken,
  schemaChanges,
  section,
} from "./html-parts.ts";
import { style } from "./html-style.ts";
import { timeline } from "./html-timeline.ts";
import { html, type Markup } from "./markup.ts";
import { headline, momentText, nextSteps, outcomeWord, weight } from "./words.ts";

const LOOKS: Readonly<Record<Account["outcome"], string>> = {
  done: "good",
  failed: "bad",
  stopped: "warn",
  running: "warn",
};

/** Two posts, a bar and what stands behind it. */
const MARK = html`<svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true"><path d="M2 2h3v18H2zM17 2h3v18h-3zM6 4h10v2.5H6zM7 9h2v11H7zM10 9h2v11h-2zM13 9h2v11h-2z"/></svg>`;

const meaningOf = (code: number): string =>
  Object.entries(exitCodes).find(([key]) => key === String(code))?.[1].meaning ?? "";

function numbers({ durationMs, exitCode, migrations, report }: Account): Markup {
  const of = (direction: "up" | "down") => migrations.filter((one) => one.direction === direction).length;
  const strongest = migrations.flatMap(({ locks = [] }) => locks).find(({ lock }) => weight(lock) === "heavy");
  const pairs: readonly (readonly [string, string | number | undefined])[] = [
    ["Took", durationMs === undefined ? undefined : formatDuration(durationMs)],
    ["Applied", of("up")],
    ["Taken back", of("down") === 0 ? undefined : of("down")],
    ["Not reached", report.notReached.length === 0 ? undefined : report.notReached.length],
    ["Exit code", exitCode],
    ["Strongest lock on", strongest?.table],
  ];
  return html`<dl class="numbers">${pairs.flatMap(([term, value]) => (value === undefined ? [] : [html`<div><dt>${term}</dt><dd>${value}</dd></div>`]))}</dl>`;
}

function verdict(account: Account): Markup {
  const { outcome, report, exitCode } = account;
  const { error } = report;
  const lead = error?.what ?? (exitCode === undefined || exitCode === 0 ? undefined : meaningOf(exitCode));
  const stands =
    error === undefined || error.stands === ""
      ? html``
      : html`<p><strong>What stands:</strong> ${cut(error.stands)}</p>`;
  const next = nextSteps(account).map((step) => html`<p>${cut(step)}</p>`);
  return html`<section class="verdict ${LOOKS[outcome]}" aria-labelledby="verdict"><span class="pill ${LOOKS[outcome]}">${outcomeWord[outcome]}</span><h1 id="verdict">${headline(account)}</h1>${lead === undefined ? html`` : html`<p class="lead">${cut(lead)}</p>`}${stands}<div class="first"><h2>What to do first</h2>${next}</div>${numbers(account)}</section>`;
}

const DETAILS = 500;

function errorDetails({ report: { error } }: Account): Markup {
  if (error === undefined || error.details.length === 0) return html``;
  const lines = error.details.slice(0, DETAILS).map(cut).join("\n");
  const left = error.details.length - DETAILS;
  return section(
    { id: "error", title: "The error" },
    html`<p class="soft small"><code>${error.id}</code></p><pre tabindex="0" role="region" aria-label="Details of the error">${lines}</pre>`,
    left > 0 ? html`<p class="soft small">${left} more lines are not shown.</p>` : html``,
  );
}

function notesOf({ notes }: Account): Markup {
  if (notes.length === 0) return html``;
  return section(
    { id: "notes", title: "What is not here" },
    html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`,
  );
}

/** Nothing from anywhere else, no script, and only this style. */
const policy = (): string => {
  const digest = hash("sha256", style, "base64");
  return `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
};

/** A run as one page that needs nothing else: no script, no other file, light and dark, on a phone and on paper. */
export function htmlPage(account: Account): string {
  const { run, report, startedAt, agentVersion } = account;
  const database = report.database === undefined ? "" : ` · ${report.database}`;
  const again =
    run === undefined ? "" : ` · headgate report ${run} --format html makes this page again from the database`;
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${headline(account)}${database} · Headgate</title>
<style>${{ markup: style }}</style>
</head>
<body>
<header><p class="mark">${MARK}Headgate</p><p>${run === undefined ? "" : `Run ${run}`}${database}${startedAt === "" ? "" : ` · ${momentText(startedAt)}`}</p></header>
<main>
${verdict(account)}
${errorDetails(account)}
${timeline(account)}
${fleetResult(account)}
${migrationList(account)}
${schemaChanges(account)}
${foundDrift(account)}
${expectationsMet(account)}
${backupTaken(account)}
${risksTaken(account)}
${releaseFacts(account)}
${notesOf(account)}
</main>
<footer><p>Headgate ${agentVersion}${again}</p></footer>
</body>
</html>
`;
  return page.markup;
}
