import type { V1CronJob } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { helmTemplate, hookEvents, hooks, hookWeight, type Manifest } from "../support/tools.ts";
import {
  cases,
  containers,
  cronJobs,
  findKind,
  kinds,
  migrateJob,
  pods,
  render,
  renderCase,
  smokePod,
} from "./rendered.ts";

const nameOf = (manifest: Manifest) => `${manifest.kind}/${manifest.metadata.name}`;
const cronJobName = ({ metadata }: V1CronJob) => `CronJob/${metadata?.name}`;

describe.each(cases)("in every rendering: $name", (example) => {
  test("each hook of an event has a weight of its own, one delete policy, and no TTL", async () => {
    const found = (await renderCase(example)).filter((manifest) => hookEvents(manifest).length > 0);
    for (const event of new Set(found.flatMap(hookEvents))) {
      const weights = hooks(found, event).map(hookWeight);
      expect(new Set(weights).size, event).toBe(weights.length);
    }
    for (const hook of found) {
      const annotations = hook.metadata.annotations ?? {};
      expect(annotations["helm.sh/hook-delete-policy"], nameOf(hook)).toBe("before-hook-creation");
      expect(annotations["helm.sh/hook-weight"], nameOf(hook)).toMatch(/^-?[0-9]+$/);
      expect(JSON.stringify(hook)).not.toContain("ttlSecondsAfterFinished");
    }
  });

  test("the log of what runs is printed, and no hook shares its name with an ordinary object", async () => {
    const manifests = await renderCase(example);
    for (const hook of manifests.filter(({ kind }) => ["Job", "Pod"].includes(kind))) {
      const policy = hook.metadata.annotations?.["helm.sh/hook-output-log-policy"];
      expect(policy).toBe("hook-succeeded,hook-failed");
    }
    const ordinary = manifests.filter((manifest) => hookEvents(manifest).length === 0);
    const plan = `ConfigMap/${findKind(manifests, "ConfigMap", "-plan").metadata.name}`;
    const monitoring = manifests.filter(({ metadata }) => /-(alerts|dashboard)$/.test(metadata.name));
    const expected = [plan, ...cronJobs(manifests).map(cronJobName), ...monitoring.map(nameOf)];
    expect(ordinary.map(nameOf).toSorted()).toEqual(expected.toSorted());
    expect(new Set(manifests.map(nameOf)).size).toBe(manifests.length);
  });

  test("every container keeps to Pod Security's level restricted", async () => {
    for (const { spec } of pods(await renderCase(example))) {
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      expect([spec.hostNetwork, spec.hostPID, spec.hostIPC]).toEqual([undefined, undefined, undefined]);
      for (const { name, securityContext } of containers(spec)) {
        expect(securityContext?.allowPrivilegeEscalation, name).toBe(false);
        expect(securityContext?.capabilities?.drop, name).toEqual(["ALL"]);
        expect(securityContext?.privileged ?? false, name).toBe(false);
        expect(securityContext?.runAsUser ?? 65532, name).not.toBe(0);
      }
      const allowed = ["configMap", "downwardAPI", "persistentVolumeClaim", "emptyDir", "secret"];
      const kindsOfVolume = (spec.volumes ?? []).flatMap(({ name: _, ...source }) => Object.keys(source));
      expect(allowed).toEqual(expect.arrayContaining([...new Set(kindsOfVolume)]));
    }
  });

  test("the agent's containers have resources, a read-only root and the image's own entry point", async () => {
    for (const { spec } of pods(await renderCase(example))) {
      for (const container of containers(spec)) {
        expect(container.command).toBeUndefined();
        expect(container.resources?.limits?.memory, container.name).toBeDefined();
        if (!["wait", "migrate", "smoke", "revert"].includes(container.name)) continue;
        expect(container.args?.[0]).toBe(container.name);
        expect(container.securityContext?.readOnlyRootFilesystem).toBe(true);
        expect(container.terminationMessagePolicy).toBe("FallbackToLogsOnError");
      }
      expect(spec).toMatchObject({ restartPolicy: "Never", enableServiceLinks: false });
    }
  });

  test("every mount has its volume, and every Secret may be missing", async () => {
    for (const { spec } of pods(await renderCase(example))) {
      const volumes = (spec.volumes ?? []).map((volume) => volume.name);
      const mounts = containers(spec).flatMap((container) => container.volumeMounts ?? []);
      expect(new Set(volumes)).toEqual(new Set(mounts.map((mount) => mount.name)));
      for (const volume of spec.volumes ?? []) {
        if (volume.secret) expect(volume.secret).toMatchObject({ optional: true, defaultMode: 0o440 });
      }
    }
  });

  test("no object and no pod carries the application's name", async () => {
    const manifests = await renderCase(example);
    const labels = [
      ...manifests.map((manifest) => manifest.metadata.labels),
      ...pods(manifests).map((pod) => pod.labels),
    ];
    for (const each of labels) {
      expect(each).toMatchObject({ "app.kubernetes.io/name": "headgate", "app.kubernetes.io/instance": "shop" });
      expect(each?.["app.kubernetes.io/component"]).toMatch(/^(migrate|smoke|plan|revert|drift|alerts|dashboard)$/);
    }
  });
});

test("Helm runs account, permission, migrations and Job in this order, before an install, an upgrade and a rollback", async () => {
  const manifests = await render({
    report: { events: true },
    migrations: { inline: { "1_orders.sql": "SELECT 1" } },
  });
  const order = ["ServiceAccount", "Role", "RoleBinding", "ConfigMap", "Job"];
  expect(hooks(manifests, "pre-install").map((hook) => hook.kind)).toEqual(order);
  expect(hooks(manifests, "pre-upgrade").map((hook) => hook.kind)).toEqual(order);
  expect(hooks(manifests, "pre-install").map(hookWeight)).toEqual([-50, -49, -48, -39, -5]);
  expect(hooks(manifests, "pre-install").at(-1)?.metadata.name).toBe("shop-headgate-migrate");
  expect(hooks(manifests, "pre-rollback").map((hook) => hook.kind)).toEqual(order);
  expect(hooks(manifests, "pre-rollback").map(hookWeight)).toEqual([-50, -49, -48, -39, -5]);
  expect(hooks(manifests, "pre-rollback").at(-1)?.metadata.name).toBe("shop-headgate-revert");
  expect(hooks(manifests, "test").map(nameOf)).toEqual(["Pod/shop-headgate-smoke"]);
});

test("the Job ignores disruptions first, then stops at what another try cannot mend", async () => {
  const { spec } = migrateJob(await render());
  const failJob = (containerName: string, values: number[]) => ({
    action: "FailJob",
    onExitCodes: { containerName, operator: "In", values },
  });
  expect(spec).toMatchObject({ backoffLimit: 2, activeDeadlineSeconds: 225, podReplacementPolicy: "Failed" });
  expect(spec?.podFailurePolicy?.rules).toEqual([
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    failJob("migrate", [1, 3, 6, 7, 8, 70]),
    failJob("smoke", [1, 3, 70]),
  ]);
});

test("the API token is mounted, and permission given, only where the API server is written to", async () => {
  for (const report of [{ events: true }, { configMap: { enabled: true } }]) {
    const asking = pods(await render({ report, manual: { enabled: true } }));
    expect(
      asking.map(({ labels, spec }) => [labels["app.kubernetes.io/component"], spec.automountServiceAccountToken]),
    ).toEqual([
      ["migrate", true],
      ["smoke", false],
      ["revert", true],
      ["migrate", true],
      ["revert", true],
    ]);
  }
  const without = await render();
  expect(pods(without).map((pod) => pod.spec.automountServiceAccountToken)).toEqual([false, false, false]);
  expect(kinds(without)).toEqual(["ConfigMap", "Job", "Job", "Pod", "ServiceAccount"]);
});

test("the test pod has one container, which meets nobody and so has no run folder", async () => {
  const { spec } = smokePod(await render());
  expect(spec?.containers.map((container) => container.name)).toEqual(["smoke"]);
  expect(spec?.initContainers).toBeUndefined();
  expect(spec?.containers[0]?.args).not.toContain("--run=/run/headgate");
});

test("meshes and autoscalers are told to keep away, unless the values say otherwise", async () => {
  const annotations = {
    "linkerd.io/inject": "disabled",
    "karpenter.sh/do-not-disrupt": "true",
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
  };
  for (const pod of pods(await render())) {
    expect(pod.labels).toMatchObject({ "sidecar.istio.io/inject": "false" });
    expect(pod.annotations).toMatchObject(annotations);
  }
  for (const pod of pods(await render({ mesh: { optOut: false }, autoscaler: { optOut: false } }))) {
    expect(pod.labels).not.toHaveProperty(["sidecar.istio.io/inject"]);
    for (const key of Object.keys(annotations)) expect(pod.annotations).not.toHaveProperty([key]);
  }
});

test("the user's labels and annotations are added, and replace none of the chart's", async () => {
  const mine = { "app.kubernetes.io/name": "shop", "headgate/settings": "{}", "example.com/team": "payments" };
  const manifests = await render({
    commonLabels: mine,
    commonAnnotations: mine,
    podLabels: mine,
    podAnnotations: mine,
    job: { labels: mine, annotations: mine },
  });
  for (const { labels, annotations } of pods(manifests)) {
    expect(labels).toMatchObject({ "app.kubernetes.io/name": "headgate", "example.com/team": "payments" });
    expect(annotations).toMatchObject({ "example.com/team": "payments" });
    expect(JSON.parse(annotations["headgate/settings"] ?? "")).toHaveProperty("database");
  }
  for (const { metadata } of manifests) expect(metadata.labels?.["app.kubernetes.io/name"]).toBe("headgate");
});

test("nothing is rendered where enabled is false", async () => {
  expect(await helmTemplate({ values: { enabled: false } })).toEqual([]);
});
