import { fillJson } from "./fill.ts";
import { boundedJson, isWanted, outward } from "./outward.ts";
import { post, readUrl } from "./post.ts";
import type { Sink } from "./sink.ts";

const MOST_BYTES = 256 * 1_024;

export const webhook: Sink = {
  name: "webhook",
  wanted: ({ outside, report }) => outside?.webhook !== undefined && isWanted(report, outside.settings.webhook.when),
  async deliver({ outside, report, clean }, signal) {
    if (outside?.webhook === undefined) return;
    const { body: template } = outside.settings.webhook;
    const sent = outward({ report, clean });
    const body =
      Object.keys(template).length === 0 ? boundedJson(sent, MOST_BYTES) : JSON.stringify(fillJson(template, sent));
    await post(readUrl(outside.webhook), { body, type: "application/json", signal });
  },
};
