import { expect, it, onTestFinished } from "vitest";
import { useOrdersScene } from "./orders-scene.ts";
import { podFolders } from "./pod-folders.ts";

const { scene, forget } = useOrdersScene();
const SETTINGS = {
  database: { existingSecret: "shop-database" },
  rollback: { delay: "0s" },
  fleet: { schemas: ["north", "south"] },
  smoke: { columns: ["orders.remark"] },
};

const remaining = async () =>
  (
    await scene.database.sql("SELECT target || ' ' || name AS name FROM headgate.history ORDER BY target, sequence")
  ).map(({ name }) => name);

it("in the Job's pods a fleet is migrated and smoke-tested, and taken back by the older image", async () => {
  await scene.database.sql("CREATE SCHEMA north; CREATE SCHEMA south");
  const pod = podFolders(scene.files.path);
  onTestFinished(() => pod.remove());
  pod.settings(SETTINGS);
  pod.secret({ uri: scene.database.url });
  expect(await pod.container("wait")).toMatchObject({ code: 0 });
  const smoke = pod.start("smoke");
  expect(await pod.container("migrate")).toMatchObject({ code: 0 });
  expect(await smoke.result).toMatchObject({ code: 0, stderr: expect.stringContaining("met in 2 schemas") });
  expect(JSON.parse(pod.termination("migrate"))).toMatchObject({ outcome: "done", exitCode: 0, applied: 6 });
  forget("003_rename.sql", "002_total.sql");
  const { code, stderr } = await pod.container("revert");
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("south:   took back 003_rename") });
  expect(await remaining()).toEqual(
    ["north", "south"].flatMap((schema) => ["001_orders", "002_total"].map((name) => `default/${schema} ${name}`)),
  );
});
