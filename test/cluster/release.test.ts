import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FLAG } from "../../.ci/compile-bundle.ts";
import { buildMigratorImage } from "./harness/images.ts";
import { type TestNamespace, withNamespace } from "./harness/namespace.ts";
import { nodeImage, restrictedJob } from "./harness/restricted-job.ts";
import {
  chart,
  databaseValues,
  ended,
  helm,
  imageValues,
  inlineValues,
  podsOf,
  untilRow,
  type Values,
} from "./release.ts";
import { appChart, FIRST_RELEASE, shopImage, shopMigrations, temporaryFolder } from "./shop.ts";

const namesOfPods = async (ns: TestNamespace): Promise<string[]> =>
  (await ns.list("pods", "app=shop")).map((pod) => pod.metadata.name);

const appliedNames = async (ns: TestNamespace): Promise<string[]> =>
  (await ns.sql<{ name: string }>("SELECT name FROM headgate.history WHERE state = 'applied' ORDER BY sequence")).map(
    ({ name }) => name,
  );

test("as a subchart by Helm 4: install, a risky upgrade refused, a failing one that leaves the app alone, a good one that heals, helm test", () =>
  withNamespace(async (ns) => {
    const files = await shopMigrations();
    const parent = await appChart(chart, nodeImage(ns.cluster));
    const values = (image: string, version: string, more: Values = {}) => ({
      version,
      headgate: { database: databaseValues(ns), image: imageValues(image), smoke: { tables: ["orders"] }, ...more },
    });

    const first = await helm(ns, ["install", "shop", parent, "--wait"], {
      values: values(await shopImage("shop:1", FIRST_RELEASE), "1"),
    });
    expect(first.output).toContain(`${FIRST_RELEASE} applied`);
    expect(first.code, first.output).toBe(0);
    expect(await appliedNames(ns)).toHaveLength(FIRST_RELEASE);
    const pods = await namesOfPods(ns);

    // two addresses that differ by a capital letter, which the broken migration does not foresee
    await ns.sql(
      "INSERT INTO customers (email, name, country) VALUES ('ada@example.com', 'Ada', 'GB'), ('Ada@example.com', 'Ada', 'GB')",
    );
    const bad = await shopImage("shop:bad", files.length, true);
    const risky = await helm(ns, ["upgrade", "shop", parent], { values: values(bad, "2") });
    expect(risky.code).not.toBe(0);
    expect(risky.output).toContain("HG303 high");
    expect(risky.output).toContain("nothing was changed");
    expect(await appliedNames(ns)).toHaveLength(FIRST_RELEASE);
    expect(await namesOfPods(ns)).toEqual(pods);

    const failing = await helm(ns, ["upgrade", "shop", parent], {
      values: values(bad, "2", { plan: { refuse: "never" } }),
    });
    expect(failing.code).not.toBe(0);
    expect(failing.output).toMatch(/migration-failed: .*\.sql:\d+/);
    expect(failing.output).toContain("Exit code 6");
    expect(failing.output).toContain("not run: migrate ended with 6");
    expect(await namesOfPods(ns)).toEqual(pods);
    const [pod, ...more] = await podsOf(ns, "shop-headgate-migrate");
    expect(more).toEqual([]);
    expect(ended(pod, "migrate")).toMatchObject({ exitCode: 6 });
    expect(JSON.parse(ended(pod, "migrate")?.message ?? "")).toMatchObject({ exitCode: 6, error: "migration-failed" });

    const good = await helm(ns, ["upgrade", "shop", parent, "--wait"], {
      values: values(await shopImage("shop:2", files.length), "2"),
    });
    expect(good.code, good.output).toBe(0);
    expect(await appliedNames(ns)).toHaveLength(files.length);
    expect(await namesOfPods(ns)).not.toEqual(pods);

    const tested = await helm(ns, ["test", "shop", "--logs"]);
    expect(tested.code, tested.output).toBe(0);
    expect(tested.output).toContain("1 expectation met");
  }));

test("on its own, uninstalled and installed again over the same database: nothing left to do", () =>
  withNamespace(async (ns) => {
    const values = await inlineValues(ns, { "1_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);" });
    expect((await helm(ns, ["install", "gate", chart], { values })).code).toBe(0);
    expect((await helm(ns, ["uninstall", "gate"])).code).toBe(0);
    const again = await helm(ns, ["install", "gate", chart], { values });
    expect(again.code, again.output).toBe(0);
    expect(again.output).toContain("nothing to do");
    expect(await ns.sql("SELECT release, revision, outcome FROM headgate.run ORDER BY id")).toEqual([
      { release: "gate", revision: 1, outcome: "done" },
      { release: "gate", revision: 1, outcome: "done" },
    ]);
  }));

test("by Helm 3: install, a failing upgrade, a good upgrade", () =>
  withNamespace(async (ns) => {
    const files = { "1_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);" };
    const install = await helm(ns, ["install", "gate", chart], { version: 3, values: await inlineValues(ns, files) });
    expect(install.code, install.output).toBe(0);
    const bad = { ...files, "2_bad.sql": "ALTER TABLE orders ADD COLUMN total numeric DEFAULT nothing();" };
    const failing = await helm(ns, ["upgrade", "gate", chart], { version: 3, values: await inlineValues(ns, bad) });
    expect(failing.code).not.toBe(0);
    expect(failing.output).toContain("2_bad.sql:1: function nothing() does not exist");
    const good = { ...files, "2_bad.sql": "ALTER TABLE orders ADD COLUMN total numeric DEFAULT 0;" };
    const upgrade = await helm(ns, ["upgrade", "gate", chart], { version: 3, values: await inlineValues(ns, good) });
    expect(upgrade.code, upgrade.output).toBe(0);
    expect(await appliedNames(ns)).toEqual(["1_orders", "2_bad"]);
  }));

test("a pod deleted in the middle of a migration: the replacement finishes", () =>
  withNamespace(async (ns) => {
    const values = await inlineValues(ns, {
      "1_first.sql": "CREATE TABLE first (id int);",
      "2_slow.sql": "SELECT pg_sleep(12); CREATE TABLE second (id int);",
    });
    const running = helm(ns, ["install", "gate", chart], { values });
    await untilRow(ns, "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'");
    const [pod] = await podsOf(ns, "gate-headgate-migrate");
    await ns.kubectl(["delete", "pod", pod?.metadata.name ?? ""]);
    const { code, output } = await running;
    expect(code, output).toBe(0);
    expect(await appliedNames(ns)).toEqual(["1_first", "2_slow"]);
    expect((await ns.sql("SELECT outcome FROM headgate.run ORDER BY id")).map(({ outcome }) => outcome)).toEqual([
      "stopped",
      "done",
    ]);
  }));

test("migrate killed for memory: smoke does not pass, and the Job fails", () =>
  withNamespace(async (ns) => {
    const folder = await temporaryFolder();
    // reads the database first, so that it only runs in the pod and not while its image is compiled
    const greedy = `export const up = async (pgm) => {
  await pgm.db.query("SELECT 1");
  for (const all = []; ; ) all.push(Buffer.alloc(16 << 20, 1));
};
`;
    await writeFile(join(folder, "1_greedy.mjs"), greedy);
    const image = imageValues(await buildMigratorImage("greedy:1", folder));
    const values = { database: databaseValues(ns), image, job: { backoffLimit: 0 } };
    const { code, output } = await helm(ns, ["install", "gate", chart], { values });
    expect(code).not.toBe(0);
    expect(output).toContain("migrate-died");
    const [pod] = await podsOf(ns, "gate-headgate-migrate");
    expect(ended(pod, "migrate")).toMatchObject({ reason: "OOMKilled" });
    expect(ended(pod, "smoke")).toMatchObject({ exitCode: 2 });
  }));

/** Counts what lies compiled in an image, and how much of it its own Node does not take under its launcher's flag. */
const REFUSED = `import { readdirSync } from "node:fs";
import { refusedIn } from "/app/compile-bundle.ts";
const compiled = readdirSync("/app/dist").filter((name) => name.endsWith(".compiled"));
console.log("refused: " + refusedIn("/app/dist").length + " of " + compiled.length);`;

test("what a run loads lies compiled in the image, for the Node that it has", () =>
  withNamespace(async (ns) => {
    const image = await shopImage("shop:1", FIRST_RELEASE);
    const command = ["node", FLAG, "--input-type=module", "-e", REFUSED];
    await ns.apply(restrictedJob("compiled", { image, command }));
    const ends = await ns.jobEnds("compiled");
    const said = await ns.jobLogs("compiled");
    expect(ends, said).toBe(true);
    expect(said).toMatch(/refused: 0 of \d\d/);
  }));
