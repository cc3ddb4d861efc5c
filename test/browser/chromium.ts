import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chromium from "@sparticuz/chromium";
import { type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

export interface Look {
  readonly colorScheme: "light" | "dark";
  readonly width: number;
}

export const LOOKS: readonly Look[] = (["light", "dark"] as const).flatMap((colorScheme) =>
  [360, 1280].map((width) => ({ colorScheme, width })),
);

/** One browser for the tests of a file, from npm alone: no display and no installed Chromium is needed. */
export function useBrowser(): (look: Look) => Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), "headgate-browser-"));
  let page: Page;
  let close = async () => {};
  beforeAll(async () => {
    const context = await playwright.launchPersistentContext(profile, {
      executablePath: await chromium.executablePath(),
      args: [...chromium.args, "--no-sandbox", "--disable-background-networking"],
      headless: true,
    });
    close = async () => await context.close();
    page = context.pages()[0] ?? (await context.newPage());
  });
  afterAll(async () => {
    await close();
    rmSync(profile, { recursive: true, force: true });
  });
  return async ({ colorScheme, width }) => {
    page.removeAllListeners();
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    return page;
  };
}
