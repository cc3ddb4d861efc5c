/** One message of PostgreSQL's protocol, version 3, with its bytes as they came. */
export interface Frame {
  /** The type byte as a character; empty for a client's first message, which has none. */
  readonly type: string;
  readonly bytes: Buffer;
}

/**
 * Cuts one direction of a connection into frames. `startup` says that the first message has no type byte, as on the
 * client's side of a connection without TLS.
 */
export function createFrameReader(startup: boolean): (chunk: Buffer) => Frame[] {
  let rest = Buffer.alloc(0);
  let untyped = startup;
  const next = (): Frame | undefined => {
    const head = untyped ? 0 : 1;
    if (rest.length < head + 4) return undefined;
    const size = head + rest.readInt32BE(head);
    if (rest.length < size) return undefined;
    const bytes = rest.subarray(0, size);
    rest = rest.subarray(size);
    const type = untyped ? "" : String.fromCharCode(bytes[0] ?? 0);
    untyped = false;
    return { type, bytes };
  };
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    for (let frame = next(); frame !== undefined; frame = next()) frames.push(frame);
    return frames;
  };
}

/** The text of a simple query. */
export const queryText = ({ bytes }: Frame): string => bytes.toString("utf8", 5, bytes.length - 1);

/** A parameter of the startup message, e.g. application_name. */
export function startupParameter({ bytes }: Frame, name: string): string | undefined {
  const words = bytes.toString("utf8", 8).split("\0");
  const at = words.findIndex((word, index) => index % 2 === 0 && word === name);
  return at < 0 ? undefined : words[at + 1];
}

/** The backend's pid, of BackendKeyData. */
export const backendPid = ({ bytes }: Frame): number => bytes.readInt32BE(5);
