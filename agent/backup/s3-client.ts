import type { Agent } from "node:https";
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { HeadgateError } from "../errors/headgate-error.ts";
import { readTextIfThere } from "../lib/files.ts";
import type { Redactor } from "../lib/redact.ts";
import type { Settings } from "../settings/settings.ts";

export type S3Settings = Settings["backup"]["s3"];

/** What the settings do not hold: keys and trust, as files. */
export interface S3Access {
  /** Folder with the keys of backup.s3.existingSecret; without one, who asks is found as AWS's own tools do it. */
  readonly secret: string | undefined;
  /** File with the CA bundle for the endpoint. */
  readonly ca: string | undefined;
  readonly redactor: Redactor;
}

export interface S3Options extends S3Access {
  readonly settings: S3Settings;
  /** For how long nothing at all may move on a connection; default 30 s. */
  readonly idleMs?: number;
}

/** How often one request is tried, in all. */
const TRIES = 4;

/** The parts of an upload that are under way at once. */
export const PARTS_AT_ONCE = 2;

/** What people call the store. */
export const serverOf = ({ endpoint, region }: S3Settings): string =>
  endpoint === "" ? `S3${region === "" ? "" : ` in ${region}`}` : endpoint;

/** Where the keys come from, in words. */
export const keysOf = ({ existingSecret }: S3Settings): string =>
  existingSecret === "" ? "the environment" : `Secret ${existingSecret}`;

function readKeys(folder: string, { keys, existingSecret }: S3Settings) {
  const read = (key: string): string | undefined => readTextIfThere(join(folder, key))?.trim() || undefined;
  const [accessKeyId, secretAccessKey] = [read(keys.accessKeyId), read(keys.secretAccessKey)];
  const sessionToken = read(keys.sessionToken);
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }
  const missing = accessKeyId === undefined ? keys.accessKeyId : keys.secretAccessKey;
  throw new HeadgateError("bad-settings", {
    what: `Secret ${existingSecret} for backups is not there, or has no key ${missing}`,
    fix: "create it before the release, say in backup.s3.keys how its keys are called, or correct backup.s3.existingSecret",
  });
}

/**
 * An agent of our own: the library makes a new one without any options for each request with a large body, and with it a
 * connection that trusts no CA but the system's.
 */
async function makeAgent(ca: string | undefined): Promise<Agent> {
  const { Agent: HttpsAgent } = await import("node:https");
  return new HttpsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca: await readCa(ca) }) });
}

async function readCa(file: string): Promise<string[]> {
  const text = readTextIfThere(file);
  if (text === undefined) {
    throw new HeadgateError("bad-settings", {
      what: `the CA bundle for backups, ${file}, is not there`,
      fix: "create the Secret that backup.s3.caSecret names, with the bundle under backup.s3.caKey",
    });
  }
  const { getCACertificates } = await import("node:tls");
  return [...getCACertificates("default"), text];
}

const regionOf = ({ region, endpoint }: S3Settings): { region?: string } => {
  if (region !== "") return { region };
  return endpoint === "" ? {} : { region: "us-east-1" };
};

/** Makes a client, and learns its secrets so that no output shows them. The library is loaded here and nowhere before. */
export async function openClient(options: S3Options): Promise<S3Client> {
  const { settings, secret, ca, redactor, idleMs = 30_000 } = options;
  const { S3Client: Client } = await import("./aws.ts");
  const checksums = settings.endpoint === "" ? "WHEN_SUPPORTED" : "WHEN_REQUIRED";
  const client = new Client({
    ...regionOf(settings),
    ...(settings.endpoint === "" ? {} : { endpoint: settings.endpoint }),
    ...(secret === undefined ? {} : { credentials: readKeys(secret, settings) }),
    forcePathStyle: settings.forcePathStyle,
    maxAttempts: TRIES,
    // Many stores of one's own do not know AWS's newer checksums; what lies there is read back and hashed anyway.
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    requestHandler: {
      connectionTimeout: 5_000,
      socketTimeout: idleMs,
      httpsAgent: await makeAgent(ca),
    },
  });
  const { secretAccessKey, sessionToken } = await client.config.credentials();
  redactor.add(secretAccessKey);
  redactor.add(sessionToken);
  return client;
}
