import type { TestProject } from "vitest/node";
import { CANARY } from "./canary.ts";
import { startServer } from "./embedded-postgres.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** URL of a database whose role may create others. */
    adminUrl: string;
  }
}

/** One server for all files: HEADGATE_TEST_DATABASE_URL, else the embedded one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.HEADGATE_TEST_DATABASE_URL;
  if (given !== undefined && given !== "") {
    project.provide("adminUrl", given);
    return async () => {};
  }
  const server = await startServer({
    password: CANARY,
    settings: ["fsync = off", "max_connections = 200", "max_prepared_transactions = 5"],
  });
  project.provide("adminUrl", server.url());
  return server.remove;
}
