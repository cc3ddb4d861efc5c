import { cutText } from "../lib/cut.ts";
import { fillText } from "./fill.ts";
import { isWanted, outward } from "./outward.ts";
import { post, readUrl } from "./post.ts";
import type { Sink } from "./sink.ts";

/** Slack itself takes more; nobody reads more. */
const MOST_CHARACTERS = 3_000;

/** The three characters that mean something to Slack wherever they stand. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export const slack: Sink = {
  name: "slack",
  wanted: ({ outside, report }) => outside?.slack !== undefined && isWanted(report, outside.settings.slack.when),
  async deliver({ outside, report, clean }, signal) {
    if (outside?.slack === undefined) return;
    const text = fillText(outside.settings.slack.template, outward({ report, clean }), escaped);
    const body = JSON.stringify({ text: cutText(text, MOST_CHARACTERS) });
    await post(readUrl(outside.slack), { body, type: "application/json", signal });
  },
};
