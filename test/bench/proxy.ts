// A process of its own: the bench's event loop shares no thread with it. Arguments: the server's port, milliseconds.
import { createServer, connect as dial, type Socket } from "node:net";
import { createFramer, createTripCounter } from "./trips.ts";

const [port = 0, holdMs = 0] = process.argv.slice(2).map(Number);
let trips = 0;

/** Timers know whole milliseconds, so a chunk may go this much early rather than a millisecond late. */
const EARLY_MS = 0.2;

/** Hands each chunk on `holdMs` after it came, in order; `handed` hears of it at that moment. */
function holding(to: Socket, handed: (chunk: Buffer) => void): (chunk: Buffer) => void {
  const held: { readonly due: number; readonly chunk: Buffer }[] = [];
  const release = () => {
    while (held[0] !== undefined && held[0].due <= performance.now() + EARLY_MS) {
      const { chunk } = held.shift() ?? { chunk: Buffer.alloc(0) };
      handed(chunk);
      to.write(chunk);
    }
    const [next] = held;
    // Never waits in a loop: that would take a processor from those that are measured.
    if (next !== undefined) setTimeout(release, Math.max(1, Math.ceil(next.due - performance.now())));
  };
  return (chunk) => {
    held.push({ due: performance.now() + holdMs, chunk });
    if (held.length === 1) release();
  };
}

const proxy = createServer({ noDelay: true }, (client) => {
  const server = dial({ host: "127.0.0.1", port, noDelay: true });
  const counter = createTripCounter(() => {
    trips += 1;
  });
  const asked = createFramer(counter.asked, { startup: true });
  const answered = createFramer(counter.answered, { startup: false });
  client.on(
    "data",
    holding(server, () => {}),
  );
  client.on("data", asked);
  server.on("data", holding(client, answered));
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on("error", () => other.destroy());
    // What is still held has its time to get through.
    one.on("close", () => setTimeout(() => other.destroy(), 2 * holdMs + 5));
  }
});

process.on("message", () => process.send?.({ trips }));
process.on("disconnect", () => process.exit(0));
proxy.listen(0, "127.0.0.1", () => {
  const address = proxy.address();
  process.send?.({ port: address !== null && typeof address === "object" ? address.port : 0 });
});
