import type { Command } from "./command.ts";
import { fileOptions, flag, text } from "./options.ts";

export const rehearse: Command = {
  options: {
    ...fileOptions,
    schema: text("of a fleet: the name of the schema to rehearse in"),
    junit: text("file for a JUnit report"),
    from: text(
      "begin with the state of a database that is there: database for the one of the connection, or a dump's file",
    ),
    strict: flag("a migration without a way back does not hold"),
  },
  examples: [
    ["headgate rehearse --dir migrations", "up, down and up again on a PostgreSQL that is thrown away"],
    ["headgate rehearse --from database", "what is pending there, on a copy of that database"],
    ["headgate rehearse --from state.sql", "the same on a dump of pg_dump"],
    ["headgate rehearse --junit rehearsal.xml", "in a pipeline; HEADGATE_REHEARSAL_URL names a server, if need be"],
  ],
  async run(args, io) {
    const { runRehearsal } = await import("./rehearse-run.ts");
    return await runRehearsal(args, io);
  },
};
