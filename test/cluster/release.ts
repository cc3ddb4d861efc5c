import { join } from "node:path";
import { expect } from "vitest";
import type { HelmOptions } from "./harness/helm.ts";
import { buildAgentImage } from "./harness/images.ts";
import type { TestNamespace } from "./harness/namespace.ts";
import { eventually } from "./harness/wait.ts";

export const chart = join(import.meta.dirname, "../../chart");

export type Values = Readonly<Record<string, unknown>>;

export const UP = ["upgrade", "gate", chart];
export const BACK = ["rollback", "gate", "1"];

const KEYS = {
  url: "url",
  host: "host",
  port: "port",
  database: "database",
  username: "username",
  password: "password",
};

/** An image reference in the chart's terms: repository and tag. */
export function imageValues(reference: string): Values {
  const at = reference.lastIndexOf(":");
  return { repository: reference.slice(0, at), tag: reference.slice(at + 1), pullPolicy: "IfNotPresent" };
}

/** Headgate's values for the namespace's own database, reached by TLS with the server verified. */
export function databaseValues(ns: TestNamespace, more: Values = {}): Values {
  const tls = ns.caSecret === undefined ? { mode: "disable" } : { caSecret: ns.caSecret };
  return { existingSecret: ns.databaseSecret, keys: KEYS, tls, ...more };
}

/** Releases here are about something else than the danger of what they migrate. */
const plan = { refuse: "never" };

/** Values with an image that holds migrations; a way back loses no time on its delay. `more` replaces whole keys. */
export const valuesOf = (ns: TestNamespace, image: string, more: Values = {}): Values => ({
  database: databaseValues(ns),
  image: imageValues(image),
  plan,
  rollback: { delay: "0s" },
  ...more,
});

/** Values with the agent's own image and migrations inside the values: no image has to be built for them. */
export async function inlineValues(ns: TestNamespace, inline: Readonly<Record<string, string>>): Promise<Values> {
  return { database: databaseValues(ns), image: imageValues(await buildAgentImage()), plan, migrations: { inline } };
}

/** helm's exit code and everything it printed, hook logs included; a failure is a result. */
export async function helm(
  ns: TestNamespace,
  args: readonly string[],
  options: Omit<HelmOptions, "mayFail"> = {},
): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await ns.helm(args, { ...options, mayFail: true });
  return { code, output: `${stdout}\n${stderr}` };
}

/** helm, which has to succeed here; gives what it printed. */
export async function helmDoes(
  ns: TestNamespace,
  args: readonly string[],
  options: Omit<HelmOptions, "mayFail"> = {},
): Promise<string> {
  const { code, output } = await helm(ns, args, options);
  expect(code, `helm ${args.join(" ")}:\n${output}`).toBe(0);
  return output;
}

/** helm, which has to fail here; gives what it printed. */
export async function helmRefuses(
  ns: TestNamespace,
  args: readonly string[],
  options: Omit<HelmOptions, "mayFail"> = {},
): Promise<string> {
  const { code, output } = await helm(ns, args, options);
  expect(code, `helm ${args.join(" ")}:\n${output}`).not.toBe(0);
  return output;
}

/** What hooks have logged, line by line: Helm 4 puts each hook's log on one line, in quotes; Helm 3 leaves it as it is. */
export const hookLog = (output: string): string =>
  output.replaceAll(/^level=INFO msg="((?:[^"\\]|\\.)*)"$/gm, (_, quoted: string) => JSON.parse(`"${quoted}"`));

/** The status of each revision of a release, the first one first. */
export async function revisions(ns: TestNamespace, release: string): Promise<string[]> {
  const { stdout } = await ns.helm(["history", release, "--output", "json"]);
  return (JSON.parse(stdout) as { readonly status: string }[]).map(({ status }) => status);
}

export const appliedNames = async (ns: TestNamespace): Promise<string[]> =>
  (await ns.sql<{ name: string }>("SELECT name FROM headgate.history WHERE state = 'applied' ORDER BY sequence")).map(
    ({ name }) => name,
  );

export const columnsOf = async (ns: TestNamespace, table: string): Promise<string[]> =>
  (
    await ns.sql<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute
       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      [table],
    )
  ).map(({ name }) => name);

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly state: {
        readonly terminated?: { readonly exitCode: number; readonly reason: string; readonly message?: string };
      };
    }[];
  };
}

export const podsOf = async (ns: TestNamespace, job: string): Promise<Pod[]> =>
  await ns.list<Pod>("pods", `batch.kubernetes.io/job-name=${job}`);

export const ended = (pod: Pod | undefined, container: string) =>
  pod?.status.containerStatuses?.find((one) => one.name === container)?.state.terminated;

/** Waits until a query gives a row. */
export const untilRow = async (ns: TestNamespace, sql: string): Promise<unknown> =>
  await eventually(`a row of: ${sql}`, async () => (await ns.sql(sql))[0], { timeoutMs: 60_000 });
