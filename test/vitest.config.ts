import { defineConfig } from "vitest/config";

const project = (name: string, options: Record<string, unknown> = {}) => ({
  test: { name, include: [`${name}/**/*.test.ts`], testTimeout: 30_000, ...options },
});

const CANARY = "support/global-canary.ts";

// A config file is the one place where a tool insists on a default export.
// biome-ignore lint/style/noDefaultExport: Vitest reads nothing else
export default defineConfig({
  root: import.meta.dirname,
  test: {
    projects: [
      project("unit", { globalSetup: [CANARY] }),
      project("browser", { globalSetup: [CANARY], testTimeout: 60_000 }),
      project("chart", { globalSetup: [CANARY], testTimeout: 60_000 }),
      project("postgres", {
        globalSetup: [CANARY, "support/global-agent.ts", "support/global-postgres.ts"],
        hookTimeout: 60_000,
        testTimeout: 60_000,
      }),
    ],
  },
});
