import { describe, expect, test } from "vitest";
import { helmTemplate } from "../support/tools.ts";
import { cronJobs, database, migrateJob, render } from "./rendered.ts";

const inline = { "1_orders.sql": "CREATE TABLE orders ()" };
const drift = { drift: { schedule: "0 6 * * *" } };

const rendered = async (values: Record<string, unknown>) => {
  const manifests = await render(values);
  const [cronJob, ...more] = cronJobs(manifests);
  expect(more).toEqual([]);
  return { cronJob, migrate: migrateJob(manifests).spec?.template.spec };
};

describe("the drift CronJob", () => {
  test("is there only where it has a schedule, and never where the chart is off", async () => {
    expect(cronJobs(await render())).toEqual([]);
    expect(await helmTemplate({ values: { ...drift, enabled: false, database } })).toEqual([]);
    expect((await rendered(drift)).cronJob).toMatchObject({
      metadata: { name: "shop-headgate-drift" },
      spec: { schedule: "0 6 * * *", concurrencyPolicy: "Forbid" },
    });
  });

  test("fails at once on what another try cannot mend, and never tries again", async () => {
    const { cronJob } = await rendered({ ...drift, job: { backoffLimit: 5 } });
    const { backoffLimit, podFailurePolicy } = cronJob?.spec?.jobTemplate.spec ?? {};
    expect(backoffLimit).toBe(0);
    expect(podFailurePolicy?.rules.at(-1)?.onExitCodes).toMatchObject({ containerName: "verify", values: [1, 3, 70] });
  });

  test("runs verify with the migrate Job's account and security, with the inline migrations and no key to sign with", async () => {
    const { cronJob, migrate } = await rendered({
      ...drift,
      migrations: { inline },
      report: { events: true },
      rollback: { signing: { existingSecret: "key" } },
    });
    const pod = cronJob?.spec?.jobTemplate.spec?.template.spec;
    const [container, ...more] = pod?.containers ?? [];
    expect(more).toEqual([]);
    expect(container?.args).toEqual([
      ...["verify", "--pod=/etc/headgate/pod", "--secret=/etc/headgate/secret"],
      ...["--dir=/migrations", "--termination-log=/dev/termination-log"],
    ]);
    const own = migrate?.containers[0];
    expect(container?.securityContext).toEqual(own?.securityContext);
    expect(pod?.securityContext).toEqual(migrate?.securityContext);
    expect(pod?.serviceAccountName).toBe(migrate?.serviceAccountName);
    // It tells what it finds where the migrate Job tells: the API server, too.
    expect(pod?.automountServiceAccountToken).toBe(true);
    const silent = (await rendered(drift)).cronJob?.spec?.jobTemplate.spec?.template.spec;
    expect(silent?.automountServiceAccountToken).toBe(false);
    expect(pod?.volumes?.map(({ name }) => name)).toEqual(["pod", "secret", "tmp", "migrations"]);
    expect(container?.volumeMounts?.map(({ name }) => name)).toEqual(["pod", "secret", "tmp", "migrations"]);
  });

  test("begins with the native sidecars, which its connection may need", async () => {
    const { cronJob } = await rendered({ ...drift, nativeSidecars: [{ name: "proxy", image: "proxy:1" }] });
    const pod = cronJob?.spec?.jobTemplate.spec?.template.spec;
    expect(pod?.initContainers?.map(({ name }) => name)).toEqual(["proxy"]);
  });

  test.each(["daily", "0 6 * *", "* * * * * *"])("is refused with the schedule %j", async (schedule) => {
    await expect(render({ drift: { schedule } })).rejects.toThrow(/schedule/);
  });
});
