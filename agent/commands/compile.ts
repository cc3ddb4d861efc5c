import { count } from "../lib/count.ts";
import { listMigrations, samePrefix } from "../migrations/listing.ts";
import { compileMigrations } from "../migrations/load.ts";
import { writeManifest } from "../migrations/manifest.ts";
import { inspectMigrations, withInspection } from "../stages/inspect.ts";
import { refuseUnsafe } from "../stages/refusals.ts";
import { type Command, flagArg } from "./command.ts";
import { withContext } from "./context.ts";
import { fileOptions } from "./options.ts";

export const compile: Command = {
  options: fileOptions,
  examples: [
    [
      "RUN headgate compile --dir /migrations",
      "in a Dockerfile: a bad file fails the build, and no run has to parse it again",
    ],
  ],
  run: async (args, io) =>
    await withContext("compile", { args, io }, async ({ dir, names, log }) => {
      const files = listMigrations(dir);
      const migrations = await compileMigrations(files, files, dir);
      const options = {
        all: files,
        dir,
        ownSchema: names.schemaName,
        limitBytes: Number.POSITIVE_INFINITY,
        alone: true,
      };
      const inspected = await inspectMigrations(migrations, options);
      refuseUnsafe(inspected, "never");
      for (const group of samePrefix(files)) {
        log.warn(
          `${group.map((file) => file.name).join(" and ")} share a number; while one is not applied, no run accepts that`,
        );
      }
      const path = await writeManifest(
        dir,
        inspected.map((one) => withInspection(one, names.schemaName)),
      );
      if (flagArg(args, "json"))
        io.out(`${JSON.stringify({ manifest: path, migrations: files.map(({ name }) => ({ name })) })}\n`);
      log.info(`${count(files.length, "migration")} parsed and in order; wrote ${path}`);
      return 0;
    }),
};
