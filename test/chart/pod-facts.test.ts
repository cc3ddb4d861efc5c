import { expect, test } from "vitest";
import { agentGroups } from "../../agent/settings/schema/index.ts";
import { helmTemplate } from "../support/tools.ts";
import { containers, database, findKind, pods, render } from "./rendered.ts";

const inline = { "1_orders.sql": "CREATE TABLE orders ()" };

test("the agent's groups travel with the pod as they are, the inline migrations aside", async () => {
  const [migrate] = pods(await render({ migrations: { inline }, smoke: { tables: ["orders"] } }));
  const settings = JSON.parse(migrate?.annotations["headgate/settings"] ?? "") as Record<string, unknown>;
  expect(Object.keys(settings).toSorted()).toEqual(Object.keys(agentGroups).toSorted());
  expect(settings).toMatchObject({
    database,
    migrations: { dir: "/migrations" },
    smoke: { tables: ["orders"], timeout: "30s" },
    wait: { timeout: "45s" },
  });
  expect(settings.migrations).toEqual({ dir: "/migrations" });
});

test("the release is told by name, place, revision, chart, image and time", async () => {
  const manifests = await helmTemplate({ release: "shop", namespace: "blue", values: { database }, isUpgrade: true });
  for (const { annotations } of pods(manifests)) {
    expect(JSON.parse(annotations["headgate/release"] ?? "")).toEqual({
      name: "shop",
      namespace: "blue",
      revision: 1,
      chart: "headgate-0.1.0",
      image: "headgate:0.1.0",
      deadlineSeconds: 225,
      graceSeconds: 60,
      manualRevert: "",
      runsConfigMap: "",
    });
  }
});

test("the release names the ConfigMap that keeps its runs, where there is one", async () => {
  for (const { annotations } of pods(await render({ report: { configMap: { enabled: true } } }))) {
    expect(JSON.parse(annotations["headgate/release"] ?? "")).toMatchObject({ runsConfigMap: "shop-headgate-runs" });
  }
});

test("the URLs of webhooks come as files, and only to what reports from the Job's pod", async () => {
  const report = { webhook: { existingSecret: "hook" }, slack: { existingSecret: "chat", key: "webhook" } };
  for (const { labels, spec } of pods(await render({ report }))) {
    const inJob = labels["app.kubernetes.io/component"] !== "smoke";
    for (const { name, args, volumeMounts } of containers(spec)) {
      const expected = inJob && name !== "wait" ? ["webhook/url", "slack/webhook"] : [];
      expect(
        args?.filter((arg) => /^--(webhook|slack)=/.test(arg)),
        name,
      ).toEqual(expected.map((path) => `--${path.split("/")[0]}=/etc/headgate/${path}`));
      const mounted = volumeMounts?.filter((mount) => ["webhook", "slack"].includes(mount.name)) ?? [];
      expect(mounted.map(({ readOnly }) => readOnly)).toEqual(expected.map(() => true));
    }
    const volumes = spec.volumes?.filter((volume) => ["webhook", "slack"].includes(volume.name)) ?? [];
    expect(volumes.map(({ secret }) => secret?.optional)).toEqual(inJob ? [true, true] : []);
  }
});

test("the release names the CronJob that carries out a refused way back, where there is one", async () => {
  const manifests = await render({ manual: { enabled: true } });
  const { name } = findKind(manifests, "CronJob", "-revert").metadata;
  for (const { annotations } of pods(manifests)) {
    expect(JSON.parse(annotations["headgate/release"] ?? "")).toMatchObject({ manualRevert: name });
  }
});

test("the downwardAPI volume shows settings, release, and whose pod this is", async () => {
  for (const { spec } of pods(await render())) {
    const items = spec.volumes?.find((volume) => volume.name === "pod")?.downwardAPI?.items ?? [];
    expect(Object.fromEntries(items.map((item) => [item.path, item.fieldRef?.fieldPath]))).toEqual({
      "settings.json": "metadata.annotations['headgate/settings']",
      "release.json": "metadata.annotations['headgate/release']",
      name: "metadata.name",
      namespace: "metadata.namespace",
      "job-uid": "metadata.labels['batch.kubernetes.io/controller-uid']",
      "job-name": "metadata.labels['batch.kubernetes.io/job-name']",
    });
  }
});

test("each command gets the paths it needs, and no other", async () => {
  const tls = { caSecret: "shop-ca", caKey: "root.pem", certSecret: "shop-client" };
  const values = { database: { ...database, tls }, migrations: { dir: "/srv/sql", inline } };
  const [migrate, test] = pods(await render(values)).map(({ spec }) => containers(spec));
  const paths = ["--pod=/etc/headgate/pod", "--secret=/etc/headgate/secret"];
  const run = "--run=/run/headgate";
  const certificates = ["--ca=/etc/headgate/ca/root.pem", "--client-cert=/etc/headgate/client-cert"];
  const verdict = "--termination-log=/dev/termination-log";
  expect(migrate?.map((container) => container.args)).toEqual([
    ["wait", ...paths, run, ...certificates],
    ["migrate", ...paths, run, ...certificates, "--dir=/srv/sql", verdict],
    ["smoke", ...paths, run, ...certificates, verdict],
  ]);
  expect(test?.map((container) => container.args)).toEqual([["smoke", ...paths, ...certificates, verdict]]);
  const mounts = migrate?.[1]?.volumeMounts?.map((mount) => [mount.mountPath, mount.readOnly ?? false]);
  expect(Object.fromEntries(mounts ?? [])).toEqual({
    "/etc/headgate/pod": true,
    "/etc/headgate/secret": true,
    "/etc/headgate/ca": true,
    "/etc/headgate/client-cert": true,
    "/srv/sql": true,
    "/run/headgate": false,
    "/tmp": false,
  });
});

test("of a variable that stands twice the last one counts, in its own place", async () => {
  const extraEnv = [
    { name: "A", value: "first" },
    { name: "B", value: "only" },
    { name: "A", value: "$(B)" },
  ];
  for (const { spec } of pods(await render({ extraEnv }))) {
    for (const { env } of containers(spec)) {
      expect(env).toEqual([
        { name: "B", value: "only" },
        { name: "A", value: "$(B)" },
      ]);
    }
  }
});

test("native sidecars start before wait, always restart, and bring only what differs", async () => {
  const own = { securityContext: { runAsUser: 1000 }, resources: { limits: { memory: "32Mi" } } };
  const nativeSidecars = [
    { name: "proxy", image: "proxy:1", restartPolicy: "Never" },
    { name: "tunnel", image: "tunnel:1", ...own },
  ];
  const [migrate, smoke] = pods(await render({ nativeSidecars }));
  expect(migrate?.spec.initContainers?.map(({ name }) => name)).toEqual(["proxy", "tunnel", "wait"]);
  expect(smoke?.spec.initContainers?.map(({ name }) => name)).toEqual(["proxy", "tunnel"]);
  const [proxy, tunnel] = migrate?.spec.initContainers ?? [];
  const agent = migrate?.spec.containers[0];
  expect(proxy).toMatchObject({
    restartPolicy: "Always",
    securityContext: agent?.securityContext,
    resources: agent?.resources,
  });
  expect(tunnel).toEqual({ name: "tunnel", image: "tunnel:1", restartPolicy: "Always", ...own });
});

test("a key set to null is left out of the security contexts", async () => {
  // Helm drops a null over a default itself, and leaves one that stands over nothing
  const values = {
    podSecurityContext: { runAsUser: null, fsGroup: null, supplementalGroups: null },
    securityContext: { capabilities: null, procMount: null },
  };
  for (const { spec } of pods(await render(values))) {
    expect(Object.keys(spec.securityContext ?? {})).toEqual(["runAsGroup", "runAsNonRoot", "seccompProfile"]);
    for (const { securityContext } of containers(spec)) {
      expect(Object.keys(securityContext ?? {})).toEqual(["allowPrivilegeEscalation", "readOnlyRootFilesystem"]);
    }
  }
});

test("a numeric id is written as a number, however large", async () => {
  const [migrate] = pods(await render({ podSecurityContext: { runAsUser: 1_000_650_000 } }));
  expect(migrate?.spec.securityContext?.runAsUser).toBe(1_000_650_000);
});

test("the plan changes with the image, the settings and the inline migrations, and with nothing else", async () => {
  const dataOf = async (values: Record<string, unknown>) => findKind(await render(values), "ConfigMap", "-plan").data;
  const plain = await dataOf({});
  expect(plain).toMatchObject({ image: "headgate:0.1.0" });
  expect(await dataOf({ podLabels: { a: "b" } })).toEqual(plain);
  expect(await dataOf({ image: { tag: "2.0.0" } })).not.toEqual(plain);
  expect(await dataOf({ wait: { timeout: "10s" } })).not.toEqual(plain);
  expect(await dataOf({ migrations: { inline } })).not.toEqual(plain);
});
