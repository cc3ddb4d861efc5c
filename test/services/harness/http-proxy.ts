import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/** What becomes of one request. */
export type Fate =
  | "pass"
  /** It is never answered. */
  | "stall"
  /** It reaches the server, and the answer is lost. */
  | "lose"
  /** It reaches the server, and the answer is held back for ever. */
  | "hold"
  /** So many bytes of the answer's body come through, then the connection breaks. */
  | { readonly cutAfter: number }
  /** The server never sees it. */
  | { readonly status: number; readonly code: string; readonly message?: string };

export interface Proxy {
  readonly endpoint: string;
  /** Method, path and headers of each request so far. */
  readonly seen: readonly IncomingMessage[];
  close(): Promise<void>;
}

const errorBody = (code: string, message: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

function refuse(answer: ServerResponse, fate: { status: number; code: string; message?: string }): void {
  answer.writeHead(fate.status, { "content-type": "application/xml" });
  answer.end(errorBody(fate.code, fate.message ?? "by the test"));
}

function passOn(answered: IncomingMessage, answer: ServerResponse, room: number): void {
  answer.writeHead(answered.statusCode ?? 502, answered.headers);
  let left = room;
  answered.on("data", (chunk: Buffer) => {
    answer.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) answer.destroy();
  });
  answered.on("end", () => answer.end());
}

/** A proxy before an HTTP server that decides each request's fate; its host goes through as the client signed it. */
export async function startProxy(target: string, decide: (request: IncomingMessage) => Fate): Promise<Proxy> {
  const seen: IncomingMessage[] = [];
  const { hostname, port } = new URL(target);
  const server = createServer((asked, answer) => {
    seen.push(asked);
    const fate = decide(asked);
    if (fate === "stall") return void asked.resume();
    if (typeof fate === "object" && "status" in fate) {
      asked.resume();
      return void asked.on("end", () => refuse(answer, fate));
    }
    const { method, url, headers } = asked;
    const onward = request({ hostname, port, method, path: url, headers }, (answered) => {
      if (fate === "hold") return void answered.resume();
      if (fate !== "lose") passOn(answered, answer, fate === "pass" ? Number.POSITIVE_INFINITY : fate.cutAfter);
      else answered.resume().on("end", () => answer.destroy());
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { endpoint: `http://127.0.0.1:${address.port}`, seen, close };
}
