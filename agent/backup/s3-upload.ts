import { randomUUID } from "node:crypto";
import { addAbortSignal, Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { PARTS_AT_ONCE, type S3Settings } from "./s3-client.ts";
import { NameTaken } from "./store.ts";

/** How long it may take to put away what an upload has left. */
const TIDY_MS = 15_000;

/** How long requests that are under way may go on when an upload is given up. */
const GRACE_MS = 3_000;

const MARK = "headgate-upload";

export interface Target {
  readonly client: S3Client;
  readonly settings: S3Settings;
  readonly name: string;
  readonly key: string;
}

/** How the store shall encrypt what is put there. */
export const encryption = ({ sse, kmsKeyId }: S3Settings) => ({
  ...(sse === "" ? {} : { ServerSideEncryption: sse }),
  ...(kmsKeyId === "" ? {} : { SSEKMSKeyId: kmsKeyId }),
});

/** Content, and what it has failed with: no library shall dress that up. */
export interface Watched {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly seen: { failed?: { readonly error: unknown } };
}

export function watched(content: AsyncIterable<Uint8Array>): Watched {
  const seen: Watched["seen"] = {};
  async function* recorded() {
    try {
      yield* content;
    } catch (error) {
      seen.failed = { error };
      throw error;
    }
  }
  // Nothing is thrown into the content, and nobody waits for content that has stalled to end.
  const chunks = {
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
      const inner = recorded();
      const end = async () => {
        inner.return(undefined).catch(() => undefined);
        return { done: true as const, value: undefined };
      };
      return { next: async () => await inner.next(), return: end };
    },
  };
  return { chunks, seen };
}

/**
 * What ends the requests of an upload. `over` says that there will be no more; those under way get a moment to end, since
 * a part or an object that the server is still busy with could not be removed, and appear afterwards.
 */
interface Halt {
  readonly over: AbortController;
  readonly cut: AbortSignal;
}

function makeHalt(): Halt {
  const [over, cut] = [new AbortController(), new AbortController()];
  over.signal.addEventListener("abort", () => void setTimeout(() => cut.abort(over.signal.reason), GRACE_MS).unref());
  return { over, cut: cut.signal };
}

/** The library's own client, but the first request that fails is the last one. */
function haltingClient(client: S3Client, { over, cut }: Halt, isTidying: (command: object) => boolean): S3Client {
  const send = async (command: Parameters<S3Client["send"]>[0]): Promise<unknown> => {
    if (isTidying(command)) return await client.send(command, { abortSignal: AbortSignal.timeout(TIDY_MS) });
    over.signal.throwIfAborted();
    try {
      return await client.send(command, { abortSignal: cut });
    } catch (error) {
      over.abort(error);
      throw error;
    }
  };
  return Object.assign(Object.create(client), { send });
}

/** What stands under the key: nothing, what this upload has put there, or what somebody else has. */
async function whoseIs({ client, settings, key }: Target, mark: string): Promise<"nobody" | "ours" | "another"> {
  const { HeadObjectCommand } = await import("./aws.ts");
  try {
    const abortSignal = AbortSignal.timeout(TIDY_MS);
    const { Metadata } = await client.send(new HeadObjectCommand({ Bucket: settings.bucket, Key: key }), {
      abortSignal,
    });
    return Metadata?.[MARK] === mark ? "ours" : "another";
  } catch {
    return "nobody";
  }
}

/**
 * Uploads the content in parts. The object is there at once, whole, with the last request or not at all; when the answer to
 * that one is lost, the store is asked. Rejects with what went wrong first, and then nothing stands under the key.
 */
export async function upload(target: Target, { chunks, seen }: Watched, signal: AbortSignal): Promise<void> {
  const { AbortMultipartUploadCommand, DeleteObjectCommand, Upload } = await import("./aws.ts");
  const { client, settings, key } = target;
  const mark = randomUUID();
  const halt = makeHalt();
  const stop = () => halt.over.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const body = addAbortSignal(halt.over.signal, Readable.from(chunks, { objectMode: false }));
  const transfer = new Upload({
    client: haltingClient(client, halt, (command) => command instanceof AbortMultipartUploadCommand),
    params: {
      Bucket: settings.bucket,
      Key: key,
      Body: body,
      ContentType: "application/octet-stream",
      Metadata: { [MARK]: mark },
      IfNoneMatch: "*",
      ...encryption(settings),
    },
    partSize: settings.partSizeMiB * 1024 * 1024,
    queueSize: PARTS_AT_ONCE,
  });
  try {
    signal.throwIfAborted();
    await transfer.done();
    signal.throwIfAborted();
  } catch (error) {
    const wasWanted = !signal.aborted && seen.failed === undefined;
    const whose = await whoseIs(target, mark);
    if (whose === "ours" && wasWanted) return;
    if (whose === "ours") {
      const gone = client.send(new DeleteObjectCommand({ Bucket: settings.bucket, Key: key }), {
        abortSignal: AbortSignal.timeout(TIDY_MS),
      });
      // Whole, it does no harm: without its record it is no backup.
      await gone.catch(() => undefined);
    }
    if (whose === "another" && wasWanted) throw new NameTaken(target.name);
    throw halt.over.signal.aborted ? halt.over.signal.reason : error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
