import type { Option, Options } from "./command.ts";

const hidden = (describe: string): Option => ({ type: "string", describe, hidden: true });

export const flag = (describe: string): Option => ({ type: "boolean", describe });
export const text = (describe: string): Option => ({ type: "string", describe });

export const jsonOption: Options = { json: flag("data as JSON on stdout") };
export const yesOption: Options = { yes: flag("do it without asking") };
export const reportOption: Options = {
  report: {
    ...text("write the report into this file, too: .html, .md, .xml (JUnit), .json, .txt or .prom; once for each"),
    several: true,
  },
};
export const signingOption: Options = { "signing-key": text("file with the HMAC key that signs stored down SQL") };

/** Which settings and which files. */
export const fileOptions: Options = {
  values: { ...text("values.yaml of the chart"), alias: "f" },
  dir: text("folder of the migration files"),
  ...jsonOption,
};

/** As `fileOptions`, with what the chart passes in a pod. */
export const databaseOptions: Options = {
  ...fileOptions,
  schema: text("this schema of the fleet alone"),
  pod: hidden("folder with the pod's annotations, shown by its downwardAPI volume"),
  secret: hidden("folder with the keys of the database's Secret"),
  ca: hidden("file with the CA bundle"),
  "client-cert": hidden("folder with tls.crt and tls.key"),
  backups: hidden("folder for backups, in the place of backup.volume.path"),
  "s3-secret": hidden("folder with the access key of the bucket for backups"),
  "s3-ca": hidden("file with the CA bundle of the bucket's endpoint"),
  run: hidden("folder that the pod's containers share"),
  webhook: hidden("file with the webhook's URL"),
  slack: hidden("file with the Slack webhook's URL"),
  "termination-log": hidden("file of the container's termination message"),
};
