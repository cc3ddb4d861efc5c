import { defineConfig } from "vitest/config";

/** The limits are for what hangs: a slow machine is no failure. */
const project = (name: string, options: Record<string, unknown> = {}) => ({
  test: { name, include: [`${name}/**/*.test.ts`], hookTimeout: 120_000, testTimeout: 120_000, ...options },
});

const CANARY = "support/global-canary.ts";

// A config file is the one place where a tool insists on a default export.
// biome-ignore lint/style/noDefaultExport: Vitest reads nothing else
export default defineConfig({
  root: import.meta.dirname,
  test: {
    projects: [
      project("unit", { globalSetup: [CANARY] }),
      project("browser", { globalSetup: [CANARY] }),
      project("chart", { globalSetup: [CANARY] }),
      project("postgres", { globalSetup: [CANARY, "support/global-agent.ts", "support/global-postgres.ts"] }),
    ],
  },
});
