import type { V1CronJob } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { helmTemplate, hookEvents } from "../support/tools.ts";
import {
  containers,
  cronJobs,
  findKind,
  jobFrom,
  kinds,
  migrateJob,
  type PodTemplate,
  pods,
  render,
  revertJob,
} from "./rendered.ts";

const inline = { "1_orders.sql": "CREATE TABLE orders ()" };
const paths = ["--pod=/etc/headgate/pod", "--secret=/etc/headgate/secret", "--run=/run/headgate"];
const ending = ["--dir=/migrations", "--termination-log=/dev/termination-log"];

describe("the revert Job", () => {
  test("runs before a rollback alone, and prints its log", async () => {
    const { metadata } = findKind(await render(), "Job", "-revert");
    expect(metadata.annotations).toEqual({
      "helm.sh/hook": "pre-rollback",
      "helm.sh/hook-weight": "-5",
      "helm.sh/hook-delete-policy": "before-hook-creation",
      "helm.sh/hook-output-log-policy": "hook-succeeded,hook-failed",
    });
  });

  test("never tries again, whatever the values say, and has the migrate Job's deadline", async () => {
    const { spec } = revertJob(await render({ job: { backoffLimit: 5, activeDeadlineSeconds: 200 } }));
    expect(spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 200, podReplacementPolicy: "Failed" });
    expect(spec?.podFailurePolicy?.rules).toEqual([
      { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
      {
        action: "FailJob",
        onExitCodes: { containerName: "revert", operator: "In", values: [1, 3, 6, 7, 8, 70] },
      },
    ]);
  });

  test("its pod waits, then reverts, and differs from the migrate Job's in nothing else", async () => {
    const nativeSidecars = [{ name: "proxy", image: "proxy:1" }];
    const manifests = await render({ nativeSidecars, migrations: { inline } });
    const migrate = migrateJob(manifests).spec?.template;
    const revert = revertJob(manifests).spec?.template;
    expect(revert?.spec?.initContainers?.map(({ name }) => name)).toEqual(["proxy", "wait"]);
    expect(revert?.spec?.containers.map(({ name, args }) => [name, args])).toEqual([
      ["revert", ["revert", ...paths, ...ending]],
    ]);
    expect({ ...revert?.spec, containers: [] }).toEqual({ ...migrate?.spec, containers: [] });
    expect(revert?.spec?.containers[0]?.volumeMounts).toEqual(migrate?.spec?.containers[0]?.volumeMounts);
    expect(revert?.metadata?.annotations).toEqual(migrate?.metadata?.annotations);
  });

  test("takes the labels and annotations that the values give to Jobs", async () => {
    const { metadata } = revertJob(await render({ job: { labels: { tier: "data" }, annotations: { by: "dba" } } }));
    expect(metadata?.labels).toMatchObject({ tier: "data", "app.kubernetes.io/component": "revert" });
    expect(metadata?.annotations).toMatchObject({ by: "dba" });
  });

  test("is not there where rollback.enabled is false; what it would need is made for a rollback all the same", async () => {
    const manifests = await render({ rollback: { enabled: false } });
    expect(kinds(manifests)).toEqual(["ConfigMap", "Job", "Pod", "ServiceAccount"]);
    expect(hookEvents(findKind(manifests, "ServiceAccount"))).toContain("pre-rollback");
  });
});

describe("the Jobs to be started by hand", () => {
  const manual = { manual: { enabled: true } };

  test("are two suspended CronJobs, and no hooks", async () => {
    const annotated = { ...manual, commonAnnotations: { team: "payments" }, job: { annotations: { by: "dba" } } };
    const manifests = await render(annotated);
    expect(cronJobs(manifests).map(({ metadata }) => metadata?.name)).toEqual([
      "shop-headgate-manual-migrate",
      "shop-headgate-manual-revert",
    ]);
    for (const { metadata, spec } of cronJobs(manifests)) {
      expect(metadata?.annotations).toEqual({ team: "payments" });
      expect(spec?.jobTemplate.metadata?.annotations).toEqual({ team: "payments", by: "dba" });
      expect(spec).toMatchObject({ suspend: true, schedule: "0 0 1 1 *", concurrencyPolicy: "Forbid" });
    }
    expect(JSON.stringify(cronJobs(await render(manual)))).not.toContain("helm.sh/hook");
  });

  test("do not run without manual.enabled, and need no rollback.enabled", async () => {
    expect(cronJobs(await render())).toEqual([]);
    expect(cronJobs(await render({ ...manual, rollback: { enabled: false } }))).toHaveLength(2);
    expect(await helmTemplate({ values: { ...manual, enabled: false } })).toEqual([]);
  });

  const specOf = (cronJob: V1CronJob | undefined) => cronJob?.spec?.jobTemplate.spec;

  test("-manual-migrate is the migrate Job from its limits to its pod", async () => {
    const manifests = await render({ ...manual, migrations: { inline }, job: { backoffLimit: 1 } });
    expect(specOf(cronJobs(manifests)[0])).toEqual(migrateJob(manifests).spec);
    expect(specOf(cronJobs(manifests)[0])?.backoffLimit).toBe(1);
  });

  test("-manual-revert is the revert Job with the consent that starting it is", async () => {
    const manifests = await render({ ...manual, migrations: { inline } });
    const hook = structuredClone(revertJob(manifests).spec);
    hook?.template.spec?.containers[0]?.args?.push("--refused", "--accept-data-loss", "--yes");
    expect(specOf(cronJobs(manifests)[1])).toEqual(hook);
    expect(JSON.stringify(revertJob(manifests))).not.toContain("--yes");
  });

  test("a Job made of one has a valid name, whatever the release is called", async () => {
    const values = { database: { existingSecret: "db" }, ...manual };
    const manifests = await helmTemplate({ release: "r".repeat(53), values });
    for (const suffix of ["-manual-migrate", "-manual-revert"]) {
      expect(jobFrom(manifests, suffix).metadata.name.length).toBeLessThanOrEqual(63);
    }
  });
});

describe("the signing key", () => {
  const signing = { existingSecret: "shop-signing", key: "hmac" };
  const values = { manual: { enabled: true }, rollback: { signing } };
  const holders = ({ spec }: PodTemplate) =>
    containers(spec)
      .filter(({ volumeMounts = [] }) => volumeMounts.some(({ name }) => name === "signing"))
      .map(({ name }) => name);

  test("is mounted for migrate and revert, and for nobody else", async () => {
    const all = pods(await render({ ...values, nativeSidecars: [{ name: "proxy", image: "proxy:1" }] }));
    expect(all.map(holders)).toEqual([["migrate"], [], ["revert"], ["migrate"], ["revert"]]);
    for (const container of all.flatMap(({ spec }) => containers(spec))) {
      const mount = container.volumeMounts?.find(({ name }) => name === "signing");
      const arg = container.args?.find((text) => text.startsWith("--signing-key"));
      const holds = ["migrate", "revert"].includes(container.name);
      expect(mount).toEqual(
        holds ? { name: "signing", mountPath: "/etc/headgate/signing", readOnly: true } : undefined,
      );
      expect(arg).toBe(holds ? "--signing-key=/etc/headgate/signing/hmac" : undefined);
    }
  });

  test("comes from a Secret that may be missing, as a file that only the group reads", async () => {
    const volumes = pods(await render(values)).map(({ spec }) => spec.volumes?.find(({ name }) => name === "signing"));
    const secret = { secretName: "shop-signing", optional: true, defaultMode: 0o440 };
    expect(volumes.map((volume) => volume?.secret)).toEqual([secret, undefined, secret, secret, secret]);
  });

  test("is asked for only where a Secret is named", async () => {
    const rendered = JSON.stringify(
      await render({ manual: { enabled: true }, rollback: { signing: { key: "hmac" } } }),
    );
    expect(rendered).not.toContain("--signing-key");
    expect(rendered).not.toContain("/etc/headgate/signing");
  });
});
