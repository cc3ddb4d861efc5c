import type { S3Client } from "@aws-sdk/client-s3";
import { HeadgateError } from "../errors/headgate-error.ts";
import { openClient, type S3Options } from "./s3-client.ts";
import { download } from "./s3-download.ts";
import { s3Failure } from "./s3-errors.ts";
import { encryption, upload, watched } from "./s3-upload.ts";
import { NameTaken, PARTIAL, type Store, type Stored } from "./store.ts";

type Library = typeof import("./aws.ts");

/** One bucket's folder, with its client and the library, as the store's methods use it. */
interface Bucket {
  readonly s3: Library;
  readonly client: S3Client;
}

/** Backups as objects of one bucket, below one prefix. Nothing is loaded or asked before the first use. */
export function s3Store(given: S3Options): Store {
  // At the desk there is no Secret, whatever the values of a release say.
  const { secret, settings: written } = given;
  const settings = secret === undefined ? { ...written, existingSecret: "" } : written;
  const options = { ...given, settings };
  const { bucket: Bucket } = settings;
  const Prefix = settings.prefix === "" ? "" : `${settings.prefix}/`;
  const where = `s3://${Bucket}/${Prefix}`.replace(/\/$/, "");

  let opened: Promise<Bucket> | undefined;
  const open = async (): Promise<Bucket> => ({
    s3: await import("./aws.ts"),
    client: await openClient(options),
  });

  /** Fails in the words of the store; an abort with the signal's reason. */
  const inWords = async <T>(signal: AbortSignal, work: (bucket: Bucket) => Promise<T>): Promise<T> => {
    try {
      signal.throwIfAborted();
      opened ??= open();
      return await work(await opened);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof NameTaken ? error : s3Failure(settings, error);
    }
  };

  const listObjects = async ({ s3, client }: Bucket, signal: AbortSignal): Promise<Stored[]> => {
    const found: Stored[] = [];
    const pages = s3.paginateListObjectsV2({ client }, { Bucket, Prefix, Delimiter: "/" }, { abortSignal: signal });
    for await (const { Contents = [] } of pages) {
      for (const { Key = "", Size = 0, LastModified = new Date(0) } of Contents) {
        const name = Key.slice(Prefix.length);
        if (name !== "") found.push({ name, bytes: Size, modified: LastModified });
      }
    }
    return found;
  };

  return {
    where,
    async check(signal) {
      await inWords(signal, async ({ s3, client }) => {
        await client.send(new s3.ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 }), { abortSignal: signal });
        // An upload that is put away again needs the same right as one that is not, and leaves no version behind.
        const begin = new s3.CreateMultipartUploadCommand({
          ...{ Bucket, Key: `${Prefix}headgate-check`, ...encryption(settings) },
        });
        const { Key, UploadId } = await client.send(begin, { abortSignal: signal });
        await client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId }), { abortSignal: signal });
      });
    },
    async put(name, content, signal) {
      const key = `${Prefix}${name}`;
      const body = watched(content);
      try {
        await inWords(signal, async ({ s3, client }) => {
          const same = new s3.ListObjectsV2Command({ Bucket, Prefix: key, MaxKeys: 1 });
          const { Contents = [] } = await client.send(same, { abortSignal: signal });
          if (Contents.some(({ Key }) => Key === key)) throw new NameTaken(name);
          await upload({ client, settings, name, key }, body, signal);
        });
      } catch (error) {
        throw body.seen.failed === undefined ? error : body.seen.failed.error;
      }
    },
    async *get(name, signal) {
      const bucket = await inWords(signal, async (ready) => ready);
      try {
        yield* download({ ...bucket, settings, name, key: `${Prefix}${name}` }, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof bucket.s3.NoSuchKey) {
          throw new HeadgateError("bad-backup", { what: `there is no ${name} in ${where}`, cause: error });
        }
        throw s3Failure(settings, error);
      }
    },
    async list(signal) {
      return await inWords(signal, async (bucket) => [
        ...(await listObjects(bucket, signal)),
        ...(await unfinished(bucket, { Bucket, Prefix }, signal)).map(({ Key = "", Initiated = new Date(0) }) => ({
          name: `${Key.slice(Prefix.length)}${PARTIAL}`,
          bytes: 0,
          modified: Initiated,
        })),
      ]);
    },
    async remove(name, signal) {
      await inWords(signal, async (bucket) => {
        const { s3, client } = bucket;
        await client.send(new s3.DeleteObjectCommand({ Bucket, Key: `${Prefix}${name}` }), { abortSignal: signal });
        if (!name.endsWith(PARTIAL)) return;
        const key = `${Prefix}${name.slice(0, -PARTIAL.length)}`;
        for (const { Key, UploadId } of await unfinished(bucket, { Bucket, Prefix: key }, signal)) {
          if (Key !== key) continue;
          await client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId }), { abortSignal: signal });
        }
      });
    },
  };
}

/** Uploads that nobody has finished. Who may not ask for them sees none: the bucket's own rule clears them away then. */
async function unfinished(
  { s3, client }: Bucket,
  place: { readonly Bucket: string; readonly Prefix: string },
  signal: AbortSignal,
): Promise<{ Key?: string | undefined; UploadId?: string | undefined; Initiated?: Date | undefined }[]> {
  const found = [];
  let from: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await client
      .send(new s3.ListMultipartUploadsCommand({ ...place, ...from }), { abortSignal: signal })
      .catch(() => undefined);
    found.push(...(page?.Uploads ?? []).filter(({ Key }) => !Key?.slice(place.Prefix.length).includes("/")));
    if (!page?.IsTruncated) return found;
    from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
