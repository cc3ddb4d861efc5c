import { expect, test } from "vitest";
import { HelmError, helmTemplate } from "../support/tools.ts";
import { database, render } from "./rendered.ts";

const tls = (settings: Record<string, string>) => ({ database: { ...database, tls: settings } });
const inline = (files: Record<string, string>) => ({ migrations: { inline: files } });

test.each([
  ["no Secret", { database: { existingSecret: "" } }, "database.existingSecret is empty."],
  ["the tag latest", { image: { tag: "latest" } }, 'image.tag is "latest": '],
  [
    "a look for drift without anything to compare with",
    { drift: { schedule: "0 6 * * *", record: false } },
    'drift.schedule is "0 6 * * *", and drift.record is false: there is nothing to compare with.',
  ],
  ["a tag inside the repository", { image: { repository: "shop:1" } }, 'image.repository is "shop:1".'],
  [
    "a digest inside the repository",
    { image: { repository: "shop@sha256:1" } },
    'image.repository is "shop@sha256:1".',
  ],
  ["an empty repository", { image: { repository: "" } }, 'image.repository is "".'],
  [
    "a wait that fills the deadline",
    { wait: { timeout: "196s" } },
    "wait.timeout 196s and the reserve of 30s do not fit into job.activeDeadlineSeconds 225.",
  ],
  [
    "a wait in hours",
    { wait: { timeout: "1h" }, job: { activeDeadlineSeconds: 3600 } },
    "wait.timeout 1h and the reserve of 30s do not fit into job.activeDeadlineSeconds 3600.",
  ],
  [
    "a budget that leaves no time",
    { migrate: { lockBudget: "150001ms" } },
    "migrate.lockBudget 150001ms does not fit into job.activeDeadlineSeconds 225 less wait.timeout 45s",
  ],
  [
    "a countdown that leaves no time",
    { rollback: { delay: "90001ms" } },
    "rollback.delay 90001ms does not fit into job.activeDeadlineSeconds 225 less wait.timeout 45s, migrate.lockBudget 60s",
  ],
  [
    "a countdown that leaves no time to a Job started by hand",
    { rollback: { enabled: false, delay: "2m" }, manual: { enabled: true } },
    "rollback.delay 2m does not fit",
  ],
  [
    "a grace as long as the deadline",
    { terminationGracePeriodSeconds: 225 },
    "terminationGracePeriodSeconds 225 has to be less than job.activeDeadlineSeconds 225.",
  ],
  [
    "a ladder that goes down",
    { migrate: { lockTimeout: { first: "1m", largest: "59s" } } },
    "migrate.lockTimeout.first 1m is longer than migrate.lockTimeout.largest 59s.",
  ],
  [
    "events without an account",
    { report: { events: true }, serviceAccount: { create: false } },
    "report.events needs a service account of the Jobs' own",
  ],
  [
    "a workload that no Event is written on",
    { report: { eventsOn: { name: "shop" } } },
    'report.eventsOn.name is "shop", but report.events is false.',
  ],
  [
    "a ConfigMap of the last runs without an account",
    { report: { configMap: { enabled: true } }, serviceAccount: { create: false } },
    "report.configMap.enabled needs a service account of the Jobs' own",
  ],
  ["making the default account", { serviceAccount: { name: "default" } }, 'serviceAccount.name is "default"'],
  ["a CA for no TLS", tls({ mode: "disable", caSecret: "ca" }), "database.tls.mode disable never looks at a CA."],
  ["a CA for TLS by luck", tls({ mode: "allow", caSecret: "ca" }), "database.tls.mode allow never looks at a CA."],
  ["a CA for TLS if offered", tls({ mode: "prefer", caSecret: "ca" }), "database.tls.mode prefer never looks at a CA."],
  ["a client certificate for no TLS", tls({ mode: "disable", certSecret: "c" }), "disable never sends a certificate."],
  ["a file without a number", inline({ "orders.sql": "" }), 'migrations.inline has the file "orders.sql".'],
  ["a file that is not SQL", inline({ "1_orders.js": "" }), 'migrations.inline has the file "1_orders.js".'],
  ["a file in a folder", inline({ "1/orders.sql": "" }), 'migrations.inline has the file "1/orders.sql".'],
  ["too much SQL", inline({ "1_orders.sql": "-".repeat(900 * 1024) }), "migrations.inline holds 900 KiB"],
  ["a hook made by hand", { commonAnnotations: { "helm.sh/hook": "pre-install" } }, "commonAnnotations has"],
  ["another delete policy", { job: { annotations: { "helm.sh/hook-delete-policy": "" } } }, "job.annotations has"],
  ["Argo CD's hook", { podAnnotations: { "argocd.argoproj.io/hook": "Sync" } }, "podAnnotations has"],
  [
    "a hook's weight on the account",
    { serviceAccount: { annotations: { "helm.sh/hook-weight": "1" } } },
    "serviceAccount.annotations has",
  ],
  [
    "a dump that goes nowhere",
    { backup: { strategy: "dump" } },
    "backup.strategy is dump, and nothing says where backups go. Name a claim in backup.volume.existingClaim, or a bucket",
  ],
  [
    "a dump that goes with the pod",
    {
      backup: { strategy: "dump-touched" },
      extraVolumes: [{ name: "kept", emptyDir: {} }],
      extraVolumeMounts: [{ name: "kept", mountPath: "/backups/" }],
    },
    "backup.volume.path /backups is an emptyDir, which goes with the pod.",
  ],
  ["a command that is none", { backup: { strategy: "command" } }, "backup.command is empty."],
  ["a folder at no place", { backup: { volume: { path: "backups" } } }, 'backup.volume.path is "backups".'],
  ["a key for no encryption", { backup: { s3: { kmsKeyId: "k" } } }, "backup.s3.kmsKeyId is set"],
  ["a CA for AWS", { backup: { s3: { caSecret: "ca" } } }, "backup.s3.caSecret is set"],
  ["a CA for plain HTTP", { backup: { s3: { caSecret: "ca", endpoint: "http://s3" } } }, "backup.s3.caSecret is set"],
])("the chart refuses %s", async (_title, values, message) => {
  const error = await render(values).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HelmError);
  expect(String(error)).toContain(message);
  expect(String(error).match(/^ {2}- /gm), "only what was set wrong is named").toHaveLength(1);
});

test.each([
  ["a wait that just fits", { wait: { timeout: "125s" } }],
  ["a budget that just fits", { migrate: { lockBudget: "140s" } }],
  ["a countdown that just fits", { rollback: { delay: "90s" } }],
  ["a budget without a countdown beside it", { migrate: { lockBudget: "150s" }, rollback: { enabled: false } }],
  ["a signing key's name without a Secret", { rollback: { signing: { key: "other" } } }],
  ["a ladder of one rung", { migrate: { lockTimeout: { first: "5s" } } }],
  ["a CA that is looked at", tls({ mode: "verify-ca", caSecret: "ca" })],
  ["a CA beside the default mode", tls({ caSecret: "ca" })],
  ["TLS without a CA of one's own", tls({ mode: "prefer" })],
  ["both halves of a migration", inline({ "1_orders.up.sql": "", "1_orders.down.sql": "" })],
  ["an account of somebody else's", { report: { events: true }, serviceAccount: { create: false, name: "mine" } }],
  ["the namespace's own account", { serviceAccount: { create: false } }],
  ["Argo CD's sync options", { commonAnnotations: { "argocd.argoproj.io/sync-options": "Replace=true" } }],
  ["a dump into a bucket", { backup: { strategy: "dump", s3: { bucket: "b" } } }],
  ["a dump onto a claim", { backup: { strategy: "dump", volume: { existingClaim: "c" } } }],
  [
    "a dump onto a volume of the user's own",
    {
      backup: { strategy: "dump", volume: { path: "/srv/kept" } },
      extraVolumes: [{ name: "kept", nfs: { server: "nfs.example.com", path: "/" } }],
      extraVolumeMounts: [{ name: "kept", mountPath: "/srv/kept" }],
    },
  ],
  ["a restore point, which lies nowhere", { backup: { strategy: "restore-point" } }],
])("the chart takes %s", async (_title, values) => {
  await expect(render(values)).resolves.not.toHaveLength(0);
});

test("all problems come in one message", async () => {
  const values = { image: { tag: "latest" }, terminationGracePeriodSeconds: 300, wait: { timeout: "10m" } };
  const error = await helmTemplate({ values }).catch((reason: unknown) => reason);
  expect(String(error).match(/^ {2}- \S+/gm)).toEqual([
    "  - database.existingSecret",
    "  - image.tag",
    "  - wait.timeout",
    "  - terminationGracePeriodSeconds",
  ]);
});
