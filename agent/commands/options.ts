import type { Argv } from "yargs";

const POD_OPTIONS = {
  pod: "folder with the pod's annotations, shown by its downwardAPI volume",
  secret: "folder with the keys of the database's Secret",
  ca: "file with the CA bundle",
  "client-cert": "folder with tls.crt and tls.key",
  run: "folder that the pod's containers share",
  "termination-log": "file of the container's termination message",
} as const;

export const valuesOption = (yargs: Argv): Argv =>
  yargs.option("values", { alias: "f", type: "string", describe: "values.yaml of the chart", requiresArg: true });

export const dirOption = (yargs: Argv): Argv =>
  yargs.option("dir", { type: "string", describe: "folder of the migration files", requiresArg: true });

export const jsonOption = (yargs: Argv): Argv =>
  yargs.option("json", { type: "boolean", describe: "data as JSON on stdout", default: false });

/** What the chart passes; nobody types these. */
export const podOptions = (yargs: Argv): Argv =>
  Object.entries(POD_OPTIONS).reduce(
    (chain, [name, describe]) => chain.option(name, { type: "string", describe, hidden: true, requiresArg: true }),
    yargs,
  );

export const signingOption = (yargs: Argv): Argv =>
  yargs.option("signing-key", {
    type: "string",
    describe: "file with the HMAC key that signs stored down SQL",
    requiresArg: true,
  });

export const yesOption = (yargs: Argv): Argv =>
  yargs.option("yes", { type: "boolean", default: false, describe: "do it without asking" });

export const databaseOptions = (yargs: Argv): Argv => podOptions(jsonOption(dirOption(valuesOption(yargs))));
