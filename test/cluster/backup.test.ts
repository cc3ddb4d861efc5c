import { readdirSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { REGION } from "../services/harness/s3-server.ts";
import { buildBackupImage } from "./harness/images.ts";
import type { TestNamespace } from "./harness/namespace.ts";
import { withNamespace } from "./harness/namespace.ts";
import { startS3For } from "./harness/s3.ts";
import {
  appliedNames,
  chart,
  columnsOf,
  helmDoes,
  helmRefuses,
  hookLog,
  UP,
  type Values,
  valuesOf,
} from "./release.ts";

const first = {
  "1_orders.sql": `-- Up Migration
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
INSERT INTO orders SELECT n, 'note ' || n FROM generate_series(1, 1000) AS n;
-- Down Migration
DROP TABLE orders;
`,
};
const dropsNotes = { "2_drop.sql": "ALTER TABLE orders DROP COLUMN note;\n" };
const broken = { "3_tax.sql": "ALTER TABLE orders ADD COLUMN tax numeric DEFAULT nothing();\n" };

interface Place {
  readonly backup: Values;
  /** The files that lie there, where this machine can see them. */
  readonly files: () => readonly string[] | undefined;
  /** What must never be printed. */
  readonly secret: string | undefined;
}

async function onVolume(ns: TestNamespace): Promise<Place> {
  const folder = await ns.volume("kept");
  const files = () => (folder === undefined ? undefined : readdirSync(folder));
  return { backup: { volume: { existingClaim: "kept" } }, files, secret: undefined };
}

async function inBucket(ns: TestNamespace): Promise<Place> {
  const server = await startS3For(ns.cluster);
  onTestFinished(server.remove);
  await ns.secret("bucket", {
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
  });
  const { bucket, endpoint, secretAccessKey } = server;
  const s3 = { bucket, endpoint, region: REGION, forcePathStyle: true, existingSecret: "bucket" };
  const files = () => readdirSync(server.folder).filter((name) => !name.startsWith("."));
  return { backup: { s3 }, files, secret: secretAccessKey };
}

interface Job {
  readonly metadata: object;
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] };
    };
  };
}

/** As docs/backup-s3.md has it: a Job from the manual CronJob, with another command in it. */
async function byHand(ns: TestNamespace, name: string, args: readonly string[]): Promise<string> {
  const from = ["create", "job", "--from=cronjob/gate-headgate-manual-migrate", name];
  const job: Job = JSON.parse(await ns.kubectl([...from, "--dry-run=client", "--output=json"]));
  const { podFailurePolicy, activeDeadlineSeconds, ...spec } = job.spec as Job["spec"] & {
    podFailurePolicy?: unknown;
    activeDeadlineSeconds?: unknown;
  };
  const [migrate] = spec.template.spec.containers;
  const places = migrate?.args.filter((arg) => /^--(pod|secret|ca|client-cert|s3-secret|s3-ca)=/.test(arg)) ?? [];
  const container = { ...migrate, name: "backup", args: [...args, ...places] };
  const pod = { ...spec.template.spec, initContainers: [], containers: [container] };
  await ns.apply({ ...job, spec: { ...spec, backoffLimit: 0, template: { ...spec.template, spec: pod } } });
  const succeeded = await ns.jobEnds(name);
  const log = await ns.jobLogs(name);
  expect(succeeded, log).toBe(true);
  return log;
}

test.for([
  { kind: "a volume claim", placeOf: onVolume },
  { kind: "a bucket", placeOf: inBucket },
])("a failed upgrade has destroyed data: the backup in $kind brings it back", ({ placeOf }) =>
  withNamespace(async (ns) => {
    const [image, place] = [await buildBackupImage(), await placeOf(ns)];
    // to make the database that takes the old one's place
    await ns.sql(`ALTER ROLE "${ns.database.user}" CREATEDB`);
    const valuesWith = (inline: Readonly<Record<string, string>>) =>
      valuesOf(ns, image, {
        backup: { strategy: "dump", ...place.backup },
        manual: { enabled: true },
        migrations: { inline },
      });
    const notes = "SELECT count(note)::int AS notes, min(note) AS first FROM orders";

    await helmDoes(ns, ["install", "gate", chart], { values: valuesWith(first) });
    expect(place.files() ?? []).toEqual([]);

    const failed = hookLog(await helmRefuses(ns, UP, { values: valuesWith({ ...first, ...dropsNotes, ...broken }) }));
    expect(failed).toContain("function nothing() does not exist");
    const name = /backup before it: (\S+)/.exec(failed)?.[1] ?? expect.unreachable(failed);
    expect((place.files() ?? [`${name}.dump`, `${name}.json`]).toSorted()).toEqual([`${name}.dump`, `${name}.json`]);
    expect(await columnsOf(ns, "orders")).toEqual(["id"]);

    expect(await byHand(ns, "list", ["backup", "list"])).toContain(name);
    expect(await byHand(ns, "verify", ["backup", "verify"])).toContain(`${name} is whole`);
    const { database } = ns;
    const restored = await byHand(ns, "restore", ["backup", "restore", name, "--into", database.name, "--yes"]);
    expect(restored).toContain(`restored as ${database.name}`);
    await ns.sql(/DROP DATABASE "[^"]+"/.exec(restored)?.[0] ?? expect.unreachable(restored));
    expect(await ns.sql(notes)).toEqual([{ notes: 1_000, first: "note 1" }]);
    expect(await appliedNames(ns)).toEqual(["1_orders"]);
    if (place.secret !== undefined) expect(failed + restored).not.toContain(place.secret);

    await helmDoes(ns, UP, { values: valuesWith({ ...first, ...dropsNotes }) });
    expect(await appliedNames(ns)).toEqual(["1_orders", "2_drop"]);
    expect(place.files() ?? []).toHaveLength(place.files() === undefined ? 0 : 4);
  }),
);
