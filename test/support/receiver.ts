import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How it answers. With 500 it repeats the path it was asked for, as some do. */
export type Manner = "ok" | "500" | "hangs" | "redirects" | "answers without end" | "cuts off";

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** The bodies so far, as JSON. */
  json(): Record<string, unknown>[];
  manner: Manner;
  close(): Promise<void>;
}

/** Where a redirect leads: there everything is taken. */
const ELSEWHERE = "/elsewhere";

function answer(manner: Manner, path: string | undefined, response: ServerResponse): void {
  if (manner === "hangs") return;
  if (manner === "cuts off") response.destroy();
  else if (manner === "redirects") response.writeHead(307, { location: ELSEWHERE }).end();
  else if (manner === "answers without end") response.writeHead(500).write("no_service and so on ");
  else if (manner === "500") response.writeHead(500).end(`no service at ${path}`);
  else response.writeHead(200, { "content-type": "application/json" }).end("{}");
}

/** A web server on loopback that keeps what it is sent. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const { method, url: path, headers } = request;
      received.push({ method, path, headers, body });
      answer(path === ELSEWHERE ? "ok" : receiver.manner, path, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    json: () => received.map(({ body }) => JSON.parse(body)),
    manner: "ok",
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
