import type { Command } from "./command.ts";
import { fileOptions, flag, text } from "./options.ts";

export const rehearse: Command = {
  options: {
    ...fileOptions,
    schema: text("of a fleet: the name of the schema to rehearse in"),
    junit: text("file for a JUnit report"),
    strict: flag("a migration without a way back does not hold"),
  },
  examples: [
    ["headgate rehearse --dir migrations", "up, down and up again on a PostgreSQL that is thrown away"],
    ["headgate rehearse --junit rehearsal.xml", "in a pipeline; HEADGATE_REHEARSAL_URL names a server, if need be"],
  ],
  async run(args, io) {
    const { runRehearsal } = await import("./rehearse-run.ts");
    return await runRehearsal(args, io);
  },
};
