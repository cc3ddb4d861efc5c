import { once } from "node:events";
import { createServer } from "node:net";
import { type Gate, Link } from "./link.ts";

export interface Proxy {
  /** Where the agent connects, on the loopback. */
  readonly port: number;
  /** Every connection so far, in the order they came. */
  readonly links: readonly Link[];
  close(): Promise<void>;
}

/** Stands between agents and the server on `port`; every query passes `gate`. */
export async function openProxy(port: number, gate: Gate): Promise<Proxy> {
  const links: Link[] = [];
  const server = createServer((agent) => void links.push(new Link(agent, port, gate))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    port: address.port,
    links,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const link of links) link.cut();
      await closed;
    },
  };
}
