import { HeadgateError } from "../errors/headgate-error.ts";
import { type Command, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import { fileOptions } from "./options.ts";

const FORMATS = ["sql", "js", "ts"] as const;

const isFormat = (text: string | undefined): text is (typeof FORMATS)[number] => FORMATS.some((one) => one === text);

export const newMigration: Command = {
  options: {
    ...fileOptions,
    format: { type: "string", choices: FORMATS, default: "sql", describe: "format of the file" },
  },
  positionals: { name: { describe: "what it does: add-orders-status", demanded: true } },
  examples: [
    ["headgate new add-orders-status", "migrations/1763…_add-orders-status.sql, with its Up and Down sections"],
  ],
  run: async (args, io) =>
    await withContext("new", { args, io }, async ({ dir, log }) => {
      const name = textArg(args, "name") ?? "";
      if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,200}$/.test(name)) {
        throw new HeadgateError("usage", { what: `"${name}" cannot be part of a file name: letters, digits, - and _` });
      }
      const format = textArg(args, "format");
      const { createMigration } = await import("../migrations/create.ts");
      const path = await createMigration(dir, name, isFormat(format) ? format : "sql");
      if (flagArg(args, "json")) io.out(`${JSON.stringify({ path })}\n`);
      else io.out(`${path}\n`);
      log.info("next: write its Up and Down sections, then headgate plan");
      return 0;
    }),
};
