import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Way {
  /** The same database, reached by this way. */
  readonly url: string;
  close(): void;
}

/** The server's side outlives the client's, until the server says something that nobody is there to take. */
function carry(client: Socket, server: Socket): void {
  let isThere = true;
  // A process that is killed with something unread resets its connection, which is a close without an end.
  for (const death of ["end", "close"]) {
    client.on(death, () => {
      isThere = false;
    });
  }
  client.pipe(server, { end: false });
  server.on("data", (chunk) => {
    if (isThere) client.write(chunk);
    else server.destroy();
  });
  server.on("close", () => client.destroy());
  for (const socket of [client, server]) socket.on("error", () => {});
}

/**
 * A way to the server on which it does not see a client die, as when a node loses its power: without it
 * client_connection_check_interval would end the orphan within two seconds.
 */
export async function halfOpenWay(to: string): Promise<Way> {
  const target = new URL(to);
  const sockets = new Set<Socket>();
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect(Number(target.port), target.hostname);
    for (const socket of [client, server]) sockets.add(socket);
    carry(client, server);
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = new URL(to);
  url.host = `127.0.0.1:${address.port}`;
  return {
    url: url.href,
    close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
