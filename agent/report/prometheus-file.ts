import { promises } from "node:fs";
import { errorCode, writeWhole } from "../lib/files.ts";
import { labelsOf } from "./metrics.ts";
import { prometheusText } from "./prometheus-text.ts";
import type { Sink } from "./sink.ts";

/** Not at once: on a volume that hangs it would stop all that is to be told besides. */
const readEarlier = async (path: string): Promise<string | undefined> =>
  await promises.readFile(path, "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });

export const prometheusFile: Sink = {
  name: "prometheus-file",
  wanted: ({ outside }) => outside !== undefined && outside.settings.prometheus.file !== "",
  async deliver(delivery) {
    const path = delivery.outside?.settings.prometheus.file ?? "";
    const earlier = await readEarlier(path);
    await writeWhole(path, prometheusText(delivery.report, labelsOf(delivery), earlier));
  },
};
