import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chromium from "@sparticuz/chromium";
import { type BrowserContext, chromium as playwright } from "playwright-core";

export interface Look {
  readonly colorScheme: "light" | "dark";
  readonly width: number;
}

export const LOOKS: readonly Look[] = (["light", "dark"] as const).flatMap((colorScheme) =>
  [360, 1280].map((width) => ({ colorScheme, width })),
);

/** A browser of its own, from npm alone: no display and no installed Chromium is needed. */
export async function withBrowser<T>(look: Look, work: (context: BrowserContext) => Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), "headgate-browser-"));
  const { colorScheme, width } = look;
  const context = await playwright.launchPersistentContext(profile, {
    executablePath: await chromium.executablePath(),
    args: [...chromium.args, "--no-sandbox", "--disable-background-networking"],
    headless: true,
    colorScheme,
    viewport: { width, height: 800 },
  });
  try {
    return await work(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}
