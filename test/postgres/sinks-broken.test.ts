import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { MARK } from "../support/canary.ts";
import { type Manner, startReceiver } from "../support/receiver.ts";
import { BAD, PATH, useSinks } from "./sinks-scene.ts";

const { scene, receiver, reporting, migrate, toWebhook, toSlack } = useSinks();

interface Broken {
  readonly name: string;
  readonly report: (url: string) => Readonly<Record<string, unknown>>;
  readonly env?: (url: string) => Readonly<Record<string, string>>;
}

const broken: readonly Broken[] = [
  {
    name: "webhook",
    report: () => ({ webhook: { when: "always" } }),
    env: (url) => ({ HEADGATE_WEBHOOK_URL: `${url}${PATH}` }),
  },
  {
    name: "slack",
    report: () => ({ slack: { when: "always" } }),
    env: (url) => ({ HEADGATE_SLACK_URL: `${url}${PATH}` }),
  },
  { name: "pushgateway", report: (url) => ({ prometheus: { pushgateway: { url } } }) },
  { name: "open-telemetry", report: (endpoint) => ({ openTelemetry: { enabled: true, endpoint } }) },
];

/** A port that nobody listens to. */
async function nobody(): Promise<string> {
  const gone = await startReceiver();
  await gone.close();
  return gone.url;
}

const told = (stderr: string) => stderr.split("\n").filter((line) => line.includes("did not reach"));

describe.each(broken)("$name that does not work", ({ name, report, env }) => {
  it.each(["is down", "500", "hangs"] as const)(
    "and %s: the outcome stays, one warning says why, 5 s at most",
    async (manner) => {
      if (manner !== "is down") receiver().manner = manner;
      const url = manner === "is down" ? await nobody() : receiver().url;
      reporting(report(url));
      const { code, stderr, toldMs } = await migrate(env?.(url));
      expect(code, stderr).toBe(0);
      expect(told(stderr)).toEqual([expect.stringContaining(`the report did not reach ${name}: `)]);
      expect(told(stderr)[0]).not.toMatch(/fetch failed|undefined|\[object/);
      expect(stderr).not.toContain(MARK);
      expect(toldMs).toBeLessThan(5_000);
      expect(await scene.database.sql("SELECT DISTINCT outcome FROM headgate.run")).toEqual([{ outcome: "done" }]);
    },
  );
});

describe("sinks that do not work, all at once", () => {
  const manners: readonly Manner[] = ["hangs", "redirects", "answers without end", "cuts off"];

  it("a file on a volume that hangs stops nothing else from being told", async () => {
    // Whoever reads it waits for one who writes.
    const file = join(scene.files.path, "hangs.prom");
    execFileSync("mkfifo", [file]);
    reporting({ prometheus: { file }, webhook: { when: "always" } });
    const running = migrate(toWebhook());
    await expect.poll(() => receiver().received.length, { timeout: 20_000 }).toBe(1);
    await sleep(4_500);
    closeSync(openSync(file, constants.O_RDWR | constants.O_NONBLOCK));
    const { code, stderr } = await running;
    expect(code, stderr).toBe(0);
    expect(told(stderr)).toEqual([
      expect.stringContaining("the report did not reach prometheus-file: no answer in 4 s"),
    ]);
  });

  it.each(manners)(
    "%s: they cost no more than one that does, and a failure stays the failure that it was",
    async (manner) => {
      receiver().manner = manner;
      scene.files.write(BAD);
      reporting({
        prometheus: { file: join(scene.files.path, "not-there/run.prom"), pushgateway: { url: receiver().url } },
        openTelemetry: { enabled: true, endpoint: receiver().url },
      });
      const { code, stderr, toldMs } = await migrate({ ...toWebhook(), ...toSlack() });
      expect(code).toBe(6);
      for (const name of ["webhook", "slack", "pushgateway", "open-telemetry", "prometheus-file"]) {
        expect(stderr).toContain(`the report did not reach ${name}: `);
      }
      expect(told(stderr)).toHaveLength(5);
      expect(toldMs).toBeLessThan(5_000);
    },
  );
});
