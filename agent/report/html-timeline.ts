import { formatDuration } from "../lib/duration.ts";
import type { Account, MigrationAccount } from "./account.ts";
import { cut } from "./html-parts.ts";
import { html, type Markup } from "./markup.ts";
import type { StageRecord } from "./report.ts";

/** More would be a wall; those that took longest are what one looks for. */
const SHOWN = 40;

const STATUS: Readonly<Record<StageRecord["status"], string>> = {
  ok: "done",
  failed: "failed",
  skipped: "skipped",
  "not reached": "not reached",
};

interface Span {
  readonly startedMs: number | undefined;
  readonly durationMs: number;
}

const percent = (part: number, whole: number): number =>
  Math.round(Math.min(100, Math.max(0, (part / Math.max(1, whole)) * 100)) * 100) / 100;

/** Geometry as attributes: the page's policy lets no inline style in. */
function bar({ startedMs, durationMs }: Span, { wholeMs, failed }: { wholeMs: number; failed: boolean }): Markup {
  if (startedMs === undefined) return html``;
  const width = Math.max(0.6, percent(durationMs, wholeMs));
  const at = Math.min(percent(startedMs, wholeMs), 100 - width);
  return html`<span class="bar"><svg class="track${failed ? " bad" : ""}" aria-hidden="true"><rect x="${at}%" y="0" width="${width}%" height="100%" rx="2"/></svg></span>`;
}

/** Migrations stand beneath the stage that ran them. */
const stageOf = ({ direction }: MigrationAccount): string => (direction === "down" ? "revert" : "migrate");

function longest(all: readonly MigrationAccount[]): readonly MigrationAccount[] {
  if (all.length <= SHOWN) return all;
  const kept = new Set(all.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, SHOWN));
  return all.filter((one) => kept.has(one));
}

const migrationLine = (one: MigrationAccount, wholeMs: number): Markup =>
  html`<li class="inner"><span class="what name">${one.name}</span>${bar({ startedMs: one.startedMs, durationMs: one.durationMs }, { wholeMs, failed: false })}<span class="took">${formatDuration(one.durationMs)}</span></li>`;

function stageLine(stage: StageRecord, wholeMs: number): Markup {
  const failed = stage.status === "failed";
  const ran = stage.status === "ok" || failed;
  const span = { startedMs: ran ? stage.startedMs : undefined, durationMs: stage.durationMs };
  const status =
    stage.status === "ok"
      ? html``
      : html` <span class="pill ${failed ? "bad" : "mute"}">${STATUS[stage.status]}</span>`;
  const told = stage.summary === "" ? html`` : html`<span class="told">${cut(stage.summary)}</span>`;
  return html`<li><span class="what"><strong>${stage.name}</strong>${status}</span>${bar(span, { wholeMs, failed })}<span class="took">${ran ? formatDuration(stage.durationMs) : ""}</span>${told}</li>`;
}

/** The stages and, beneath the one that ran them, the migrations, each with when it ran. */
export function timeline({ report, migrations, durationMs }: Account): Markup {
  if (report.stages.length === 0) return html``;
  const ends = report.stages.map(({ startedMs = 0, durationMs: took }) => startedMs + took);
  const wholeMs = Math.max(durationMs ?? 0, ...ends);
  const shown = longest(migrations.filter((one) => one.startedMs !== undefined));
  const left = migrations.length - shown.length;
  const lines = report.stages.flatMap((stage) => [
    stageLine(stage, wholeMs),
    ...shown
      .filter((one) => stageOf(one) === stage.name || (report.fleet !== undefined && stage.name === "fleet"))
      .map((one) => migrationLine(one, wholeMs)),
  ]);
  const note =
    left > 0 && shown.length > 0
      ? html`<p class="soft small">The ${shown.length} migrations that took longest; ${left} more are not drawn.</p>`
      : html``;
  return html`<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2><ol class="line">${lines}</ol>${note}</section>`;
}
