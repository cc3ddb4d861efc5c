import { afterEach, describe, expect, it } from "vitest";
import { loginSql } from "../support/database.ts";
import { folder, startHeadgate } from "../support/headgate.ts";
import { auto, useOrdersScene } from "./orders-scene.ts";

const { scene, names, forget } = useOrdersScene();
let roles: string[] = [];

afterEach(async () => {
  for (const role of roles.reverse()) await scene.database.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  roles = [];
});

async function grants(role: string, values: object, ...args: readonly string[]): Promise<string> {
  const desk = folder({ "values.yaml": JSON.stringify(values) });
  const { code, stdout } = await startHeadgate(["grants", "--role", role, "-f", `${desk.path}/values.yaml`, ...args])
    .result;
  desk.remove();
  expect(code).toBe(0);
  return stdout;
}

/** Runs what `grants` prints, as an administrator would, and gives the URL of the role that it makes. */
async function migrator(values: object = {}): Promise<string> {
  const role = `${scene.database.name}_migrator`;
  scene.values({ ...values });
  await scene.database.sql(`${await grants(role, values)}; ALTER ROLE ${role} ${loginSql()}`);
  roles.push(role);
  return scene.database.urlAs(role);
}

/** Everything that README's quickstart and its way back do, by a role that may do nothing else. */
async function wholeRound(url: string, values: object = {}): Promise<void> {
  const does = async (...args: readonly string[]) => {
    const { code, stderr } = await scene.runAs(url, ...args);
    expect({ args, code, stderr }).toMatchObject({ code: 0 });
  };
  for (const command of ["doctor", "wait", "plan", "migrate", "status", "verify", "smoke"]) await does(command);
  expect(await names()).toEqual(["001_orders", "002_total", "003_rename"]);
  forget("003_rename.sql");
  scene.values({ ...values, ...auto });
  await does("migrate");
  await does("revert", "--to", "001_orders", "--yes");
  await does("repair");
  expect(await names()).toEqual(["001_orders"]);
}

describe("the privileges that grants prints", () => {
  it("are enough for everything, for a role of its own", async () => {
    await wholeRound(await migrator());
  });

  it("are enough where another role owns what migrations create", async () => {
    const owner = `${scene.database.name}_owner`;
    roles.push(owner);
    const values = { database: { role: owner } };
    await wholeRound(await migrator(values), values);
    expect(await scene.database.sql("SELECT tableowner AS owner FROM pg_tables WHERE tablename = 'orders'")).toEqual([
      { owner },
    ]);
  });

  it("are enough for a fleet", async () => {
    await scene.database.sql("CREATE SCHEMA north; CREATE SCHEMA south");
    const url = await migrator({ fleet: { schemas: ["north", "south"] } });
    expect(await scene.runAs(url, "migrate")).toMatchObject({ code: 0 });
    expect(await scene.runAs(url, "status", "--exit-code")).toMatchObject({ code: 0 });
  });

  it("are one by one needed: without any one of them something is refused", async () => {
    const role = `${scene.database.name}_migrator`;
    const { statements }: { statements: string[] } = JSON.parse(await grants(role, {}, "--json"));
    expect(statements.filter((sql) => /^GRANT USAGE|^CREATE SCHEMA/.test(sql))).toHaveLength(2);
    const url = await migrator();
    await scene.database.sql(`REVOKE ALL ON SCHEMA public FROM ${role}, PUBLIC`);
    expect(await scene.runAs(url, "migrate")).toMatchObject({ code: 3 });
    await scene.database.sql(`GRANT USAGE, CREATE ON SCHEMA public TO ${role}; DROP SCHEMA headgate`);
    expect(await scene.runAs(url, "migrate")).toMatchObject({ code: 3 });
  });
});
