import { cutText } from "../lib/cut.ts";
import { fillText } from "./fill.ts";
import { isWanted, outward } from "./outward.ts";
import { post, readUrl } from "./post.ts";
import type { Sink } from "./sink.ts";

/** Slack itself takes more; nobody reads more. */
const MOST_CHARACTERS = 3_000;

/**
 * What means something wherever it stands: three characters to Slack, `@all` to Mattermost and Rocket.Chat, which an invisible
 * space keeps from calling anybody. An address of mail stays as it is.
 */
const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/(?<!\w)@(?=\w)/g, "@\u200B");

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
