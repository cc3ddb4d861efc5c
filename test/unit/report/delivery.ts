import type { Names } from "../../../agent/history/schema.ts";
import type { Report } from "../../../agent/report/report.ts";
import type { Delivery, Outside } from "../../../agent/report/sink.ts";
import { parseSettings } from "../../../agent/settings/settings.ts";

const silent = () => undefined;

/** What a sink that tells others gets of a run at the desk, with these settings under `report`. */
export async function deliveryOf(
  report: Report,
  settings: Readonly<Record<string, unknown>>,
  more: Partial<Outside> = {},
): Promise<Delivery> {
  const parsed = await parseSettings({ report: settings }, "desk");
  return {
    report,
    outside: { settings: parsed.report, target: "default", webhook: undefined, slack: undefined, env: {}, ...more },
    log: { debug: silent, info: silent, warn: silent, error: silent },
    // None of these asks the database.
    names: {} as Names,
    ...{ pod: undefined, session: undefined, run: undefined, terminationLog: undefined },
    ...{ files: [], keepReportsMs: undefined },
    clean: (text) => text,
  };
}
