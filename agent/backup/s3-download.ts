import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import type { Target } from "./s3-upload.ts";

/** How often in a row a download is taken up again that brings nothing. */
const TRIES = 4;

async function* bytesOf({ Body }: GetObjectCommandOutput): AsyncGenerator<Uint8Array, void, undefined> {
  if (Body !== undefined) yield* Body as AsyncIterable<Uint8Array>;
}

/**
 * The object's bytes. A connection that breaks off half-way (a reader that is busy elsewhere for minutes looks idle to the
 * store) is taken up again where it stopped, of the same object only.
 */
export async function* download(
  { client, settings, key }: Target,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { GetObjectCommand } = await import("./aws.ts");
  const ask = { Bucket: settings.bucket, Key: key };
  const first = await client.send(new GetObjectCommand(ask), { abortSignal: signal });
  const size = first.ContentLength ?? 0;
  let [done, failures] = [0, 0];
  const rest = async () => {
    const from = { Range: `bytes=${done}-`, IfMatch: first.ETag };
    return await client.send(new GetObjectCommand({ ...ask, ...from }), { abortSignal: signal });
  };
  for (let got = first; ; got = await rest()) {
    try {
      for await (const chunk of bytesOf(got)) {
        signal.throwIfAborted();
        [done, failures] = [done + chunk.byteLength, 0];
        yield chunk;
      }
      if (done >= size) return;
      throw new Error(`${size - done} of ${size} bytes are missing`);
    } catch (error) {
      failures += 1;
      if (failures === TRIES || signal.aborted) throw error;
    }
  }
}
