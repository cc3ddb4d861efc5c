import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../support/free-port.ts";
import { goTool } from "./go-tool.ts";

export interface OtlpServer {
  readonly url: string;
  /** What it has understood, a request each. */
  understood(): Record<string, unknown>[];
  stop(): Promise<void>;
}

/** The OpenTelemetry collector's own receiver, on a free port of the loopback. */
export async function startOtlpServer(): Promise<OtlpServer> {
  const program = await goTool("otlpserver");
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(program, [address], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  const answers = () =>
    fetch(`http://${address}`).then(
      () => true,
      () => false,
    );
  for (let tries = 0; !(await answers()); tries += 1) {
    if (child.exitCode !== null || tries === 300) throw new Error("the OTLP receiver did not answer");
    await sleep(50);
  }
  return {
    url: `http://${address}`,
    understood: () =>
      out
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
