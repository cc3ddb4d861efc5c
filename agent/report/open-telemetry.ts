import type { Sink } from "./sink.ts";

export const openTelemetry: Sink = {
  name: "open-telemetry",
  wanted: ({ outside }) => outside?.settings.openTelemetry.enabled === true && outside.env.OTEL_SDK_DISABLED !== "true",
  async deliver(delivery) {
    const { exportRun } = await import("./telemetry.ts");
    await exportRun(delivery);
  },
};
