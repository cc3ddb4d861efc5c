import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../support/free-port.ts";
import { goTool } from "./go-tool.ts";

export interface Pushgateway {
  readonly url: string;
  /** What a Prometheus would scrape. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/** A real Pushgateway on a free port of the loopback. */
export async function startPushgateway(): Promise<Pushgateway> {
  const program = await goTool("pushgateway");
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(program, ["--web.listen-address", address, "--log.level=error"], { stdio: "ignore" });
  const url = `http://${address}`;
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let tries = 0; !(await isReady()); tries += 1) {
    if (child.exitCode !== null || tries === 300) throw new Error("the Pushgateway did not become ready");
    await sleep(50);
  }
  return {
    url,
    metrics: async () => await (await fetch(`${url}/metrics`)).text(),
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
