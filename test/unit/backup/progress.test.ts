import { expect, it, vi } from "vitest";
import { startProgress } from "../../../agent/backup/progress.ts";
import { createHumanLog } from "../../../agent/lib/log.ts";
import { createRedactor } from "../../../agent/lib/redact.ts";

it("progress is told all the time on a terminal, in a line that is gone at the end; elsewhere in a line each 10 s", () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    const lines: string[] = [];
    const ticks: string[] = [];
    const log = createHumanLog((text) => lines.push(text), createRedactor(), { level: "info", colour: false });
    const onTerminal = startProgress({ log, ticker: (text) => ticks.push(text) }, "backup a");
    const elsewhere = startProgress({ log, ticker: undefined }, "backup b");
    onTerminal.add(3 * 1024 * 1024);
    elsewhere.add(5 * 1024 * 1024);
    vi.advanceTimersByTime(20_500);
    onTerminal.stop();
    elsewhere.stop();
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^ {2}backup b: 5 MB in /);
    expect(ticks[0]).toMatch(/^ {2}backup a: 3 MB in /);
    expect(ticks.length).toBeGreaterThan(100);
    expect(ticks.at(-1)).toBe("");
  } finally {
    vi.useRealTimers();
  }
});
