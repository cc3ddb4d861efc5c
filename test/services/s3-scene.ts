import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { S3Options, S3Settings } from "../../agent/backup/s3-client.ts";
import { s3Store } from "../../agent/backup/s3-store.ts";
import type { Store } from "../../agent/backup/store.ts";
import { createRedactor } from "../../agent/lib/redact.ts";
import { parseSettings } from "../../agent/settings/settings.ts";
import { REGION, type S3Server } from "./harness/s3-server.ts";

export const MIB = 1024 * 1024;

/** A signal that nobody aborts. */
export const calm = new AbortController().signal;

type Written = { readonly [Key in keyof S3Settings]?: S3Settings[Key] };

/** Settings of a server's own bucket, complete. */
export async function s3Settings(server: S3Server, more: Written = {}): Promise<S3Settings> {
  const { endpoint, bucket } = server;
  const own = { endpoint, bucket, region: REGION, forcePathStyle: true, partSizeMiB: 5, existingSecret: "keys" };
  return (await parseSettings({ backup: { s3: { ...own, ...more } } }, "desk")).backup.s3;
}

/** A folder with the Secret's keys, as a pod has it; removed with the test. */
export function secretFolder(keys: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "headgate-keys-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, value] of Object.entries(keys)) writeFileSync(join(folder, name), value);
  return folder;
}

export const keysOfServer = (server: S3Server): Readonly<Record<string, string>> => ({
  AWS_ACCESS_KEY_ID: server.accessKeyId,
  AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
});

/** The store of a server's bucket, with keys from a Secret. */
export async function storeOf(
  server: S3Server,
  more: Written = {},
  options: Partial<Omit<S3Options, "settings">> = {},
): Promise<Store> {
  const settings = await s3Settings(server, more);
  const secret = options.secret ?? secretFolder(keysOfServer(server));
  return s3Store({ settings, secret, ca: undefined, redactor: createRedactor(), ...options });
}

/** Random bytes in chunks of 64 KiB, as a pipe gives them. */
export async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

export const noise = (bytes: number): Buffer => randomBytes(bytes);

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export async function all(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export const namesIn = async (store: Store): Promise<string[]> =>
  (await store.list(calm)).map(({ name }) => name).toSorted();

/** Files in the bucket's own folder that hold parts of uploads. */
export const partsIn = (server: S3Server): string[] =>
  readdirSync(server.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path.includes(".sgwtmp"));
