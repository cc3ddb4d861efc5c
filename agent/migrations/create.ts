import { Migration } from "node-pg-migrate/migration";

/** Writes a new migration from node-pg-migrate's own template, numbered by the time in UTC. Gives its path. */
export async function createMigration(dir: string, name: string, language: "sql" | "js" | "ts"): Promise<string> {
  return await Migration.create(name, dir, { language, filenameFormat: "utc" });
}
