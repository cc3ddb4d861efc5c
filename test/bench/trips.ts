const HEADER = 5;

/** Cuts a stream of PostgreSQL's protocol into messages and tells the letter of each; the first of a client has none. */
export function createFramer(
  message: (letter: string) => void,
  { startup }: { readonly startup: boolean },
): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let first = startup;
  /** Bytes of the message under way that are still to come. */
  let skip = 0;
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = Math.min(skip, bytes.length);
    skip -= at;
    while (skip === 0 && bytes.length - at >= HEADER) {
      const lead = first ? 0 : 1;
      const end = at + lead + bytes.readUInt32BE(at + lead);
      message(first ? "" : String.fromCharCode(bytes[at] ?? 0));
      first = false;
      skip = Math.max(0, end - bytes.length);
      at = Math.min(end, bytes.length);
    }
    rest = bytes.subarray(at);
  };
}

/** Client messages that the server ends its answer to with ReadyForQuery: the start-up, Query and Sync. */
const OWING = new Set(["", "Q", "S"]);

/**
 * Counts awaited round trips of one connection: the times the client spoke when the server owed it nothing any more,
 * start-up included, less the goodbye. What is sent while answers are under way waits for nobody.
 */
export function createTripCounter(trip: () => void) {
  let owed = 0;
  let speaking = false;
  return {
    asked(letter: string): void {
      if (letter === "X") return;
      if (!speaking) trip();
      speaking = true;
      if (OWING.has(letter)) owed += 1;
    },
    answered(letter: string): void {
      if (letter !== "Z") return;
      owed -= 1;
      if (owed === 0) speaking = false;
    },
  };
}
