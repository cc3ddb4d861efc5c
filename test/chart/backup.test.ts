import { expect, test } from "vitest";
import { containers, pods, render } from "./rendered.ts";

/** Of each container that a release and its CronJobs have: what backups added to it. */
async function added(backup: Record<string, unknown>) {
  const values = { manual: { enabled: true } };
  const [without, having] = await Promise.all(
    [render(values), render({ ...values, backup })].map(async (m) => pods(await m)),
  );
  return (having ?? []).flatMap(({ spec }, index) => {
    const before = containers(without?.[index]?.spec ?? { containers: [] });
    return containers(spec).map((container, at) => ({
      name: container.name,
      args: container.args?.filter((arg) => !before[at]?.args?.includes(arg)),
      mounts: container.volumeMounts
        ?.filter(({ name }) => !before[at]?.volumeMounts?.some((mount) => mount.name === name))
        .map(({ name, mountPath, readOnly, subPath }) => ({ name, mountPath, readOnly, subPath })),
      volumes: spec.volumes?.filter(({ name }) => !without?.[index]?.spec.volumes?.some((one) => one.name === name)),
    }));
  });
}

const makeBackups = ["migrate", "revert"];

test("the claim is mounted where backups are made, by hook and by hand, and nowhere else", async () => {
  const all = await added({ strategy: "dump", volume: { existingClaim: "kept", path: "/srv/kept", subPath: "shop" } });
  expect(all.filter(({ name }) => makeBackups.includes(name))).toHaveLength(4);
  for (const { name, args, mounts, volumes } of all) {
    const isMaker = makeBackups.includes(name);
    expect(args).toEqual(isMaker ? ["--backups=/srv/kept"] : []);
    expect(mounts).toEqual(
      isMaker ? [{ name: "backups", mountPath: "/srv/kept", readOnly: undefined, subPath: "shop" }] : [],
    );
    if (isMaker) expect(volumes).toEqual([{ name: "backups", persistentVolumeClaim: { claimName: "kept" } }]);
  }
});

test("keys and CA of a bucket are files of those containers, and may be missing", async () => {
  const s3 = {
    bucket: "b",
    endpoint: "https://s3.example.com",
    existingSecret: "keys",
    caSecret: "ca",
    caKey: "root.pem",
  };
  for (const { name, args, mounts, volumes } of await added({ strategy: "dump", s3 })) {
    const isMaker = makeBackups.includes(name);
    expect(args).toEqual(isMaker ? ["--s3-secret=/etc/headgate/s3", "--s3-ca=/etc/headgate/s3-ca/root.pem"] : []);
    expect(mounts?.map(({ mountPath, readOnly }) => [mountPath, readOnly])).toEqual(
      isMaker
        ? [
            ["/etc/headgate/s3", true],
            ["/etc/headgate/s3-ca", true],
          ]
        : [],
    );
    if (isMaker)
      expect(volumes?.map(({ secret }) => secret)).toEqual([
        { secretName: "keys", optional: true, defaultMode: 0o440 },
        { secretName: "ca", optional: true, defaultMode: 0o440 },
      ]);
  }
});

test("a bucket by the pod's own identity needs no file, and a bucket wins over a claim", async () => {
  const all = await added({ strategy: "dump", s3: { bucket: "b" }, volume: { existingClaim: "kept" } });
  for (const { args, mounts, volumes } of all) expect([args, mounts, volumes]).toEqual([[], [], []]);
});
