import { readTextIfThere, writeWhole } from "../lib/files.ts";
import { labelsOf } from "./metrics.ts";
import { prometheusText } from "./prometheus-text.ts";
import type { Sink } from "./sink.ts";

export const prometheusFile: Sink = {
  name: "prometheus-file",
  wanted: ({ outside }) => outside !== undefined && outside.settings.prometheus.file !== "",
  async deliver(delivery) {
    const path = delivery.outside?.settings.prometheus.file ?? "";
    const earlier = readTextIfThere(path);
    await writeWhole(path, prometheusText(delivery.report, labelsOf(delivery), earlier));
  },
};
