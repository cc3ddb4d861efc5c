import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type PodFolders, podFolders } from "./pod-folders.ts";
import { backendRunning, eventually, useScene } from "./scene.ts";

const scene = useScene({
  "001_orders.sql":
    "-- Up Migration\nCREATE TABLE orders (id int, note text);\n-- Down Migration\nDROP TABLE orders;\n",
});
const NEWER = {
  "002_rename.sql":
    "-- Up Migration\nALTER TABLE orders RENAME note TO remark; SELECT pg_sleep(seconds) FROM pace;\n-- Down Migration\nALTER TABLE orders RENAME remark TO note;\n",
};
let pods: PodFolders[] = [];
afterEach(() => {
  for (const pod of pods) pod.remove();
  pods = [];
});

/** A pod of one of the release's Jobs, whose `wait` has ended well. */
async function podOf(job: string, pod: string): Promise<PodFolders> {
  const folders = podFolders(scene.files.path);
  pods.push(folders);
  for (const [file, text] of [
    ["name", pod],
    ["job-uid", `uid-of-${job}`],
    ["job-name", job],
  ] as const) {
    writeFileSync(join(folders.run, "..", "pod", file), text);
  }
  folders.settings({
    database: { existingSecret: "db" },
    wait: { timeout: "5s" },
    plan: { refuse: "never" },
    rollback: { delay: "0s" },
  });
  folders.secret({ uri: scene.database.url });
  expect(await folders.container("wait")).toMatchObject({ code: 0 });
  return folders;
}

const columns = async () =>
  (
    await scene.database.sql(
      "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0 ORDER BY attnum",
    )
  ).map(({ attname }) => attname);

async function firstRelease(): Promise<void> {
  await scene.database.sql("CREATE TABLE pace AS SELECT 60 AS seconds");
  const first = await podOf("first", "first-a");
  expect(await first.container("migrate")).toMatchObject({ code: 0 });
}

describe("a rollback while the Job of the newer release is still there", () => {
  it("waits for a migration that is under way, and then takes it back", async () => {
    await firstRelease();
    await scene.database.sql("UPDATE pace SET seconds = 4");
    const newer = await podOf("newer", "newer-a");
    const back = await podOf("back", "back-a");
    scene.files.write(NEWER);
    const migrating = newer.start("migrate");
    await backendRunning(scene.database, "pg_sleep");
    scene.remove("002_rename.sql");
    const { code, stderr } = await back.container("revert");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await migrating.result).toMatchObject({ code: 0 });
    expect(stderr).toContain("took back 002_rename");
    expect(await columns()).toEqual(["id", "note"]);
  });

  it("between two tries of that Job is final: the next try does not bring the newer schema back", async () => {
    await firstRelease();
    const [one, two, back] = [
      await podOf("newer", "newer-a"),
      await podOf("newer", "newer-b"),
      await podOf("back", "back-a"),
    ];
    scene.files.write(NEWER);
    const killed = one.start("migrate");
    await backendRunning(scene.database, "pg_sleep");
    killed.process.kill("SIGKILL");
    await killed.result;
    await eventually(async () => {
      expect(
        await scene.database.sql(
          "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(sec%' AND state = 'active' AND pid <> pg_backend_pid()",
        ),
      ).toEqual([]);
    });
    scene.remove("002_rename.sql");
    expect(await back.container("revert")).toMatchObject({ code: 0 });
    scene.files.write(NEWER);
    await scene.database.sql("UPDATE pace SET seconds = 0");
    const { code, stderr } = await two.container("migrate");
    expect({ code, stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("overtaken: this try of newer"),
    });
    expect(await columns()).toEqual(["id", "note"]);
  });
});
