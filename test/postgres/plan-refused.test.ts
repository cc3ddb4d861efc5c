import { describe, expect, it, onTestFinished } from "vitest";
import { folder, type Result } from "../support/headgate.ts";
import { auto, useOrdersScene } from "./orders-scene.ts";

const { scene, names, columns, forget } = useOrdersScene();

/** Its way back loses values of two rows. */
const GIFT =
  "-- Up Migration\nALTER TABLE orders ADD COLUMN gift text NOT NULL DEFAULT 'x';\nALTER TABLE orders RENAME COLUMN id TO key;\n-- Down Migration\nALTER TABLE orders RENAME COLUMN key TO id;\nALTER TABLE orders DROP COLUMN gift;\n";
const ONE_WAY = "ALTER TABLE orders RENAME TO bookings;\n";
/** Its way back loses nothing, and works only before the table bears its old name again. */
const NARROW =
  "-- Up Migration\nALTER TABLE bookings RENAME COLUMN remark TO memo;\n-- Down Migration\nALTER TABLE bookings RENAME COLUMN memo TO remark;\n";

/** A database to which these were applied, seen by an image that was built before they were written. */
async function ahead(files: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<void> {
  scene.files.write(files);
  expect(await scene.run("migrate", ...args)).toMatchObject({ code: 0 });
  forget(...Object.keys(files));
  scene.values(auto);
}

/** The commands that a refusal tells people to run, in their order. */
const printed = ({ stderr }: Result): readonly string[] =>
  [...stderr.matchAll(/: headgate ((?:revert|repair) .*)$/gm)].map(([, command = ""]) => command);

const does = async (command: string | undefined) => {
  const { code, stderr } = await scene.run(...(command ?? "nothing was printed").split(" "));
  expect({ command, code, stderr }).toMatchObject({ code: 0 });
};

describe("a plan whose way back is refused", () => {
  it("is shown, and ends with 3 and says why and how to go on", async () => {
    await ahead({ "004_gift.sql": GIFT });
    const { code, stdout, stderr } = await scene.run("plan");
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stdout).toContain("to be taken back, newest first: 004_gift");
    expect(stderr).toContain("rollback-refused");
    expect(stderr).toContain("004_gift: taking it back would lose 2 values of orders.gift");
    expect(stderr).toContain("headgate revert --to 003_rename --accept-data-loss --yes");
    expect(stderr).not.toContain("headgate migrate");
    expect(await scene.run("plan", "--json")).toMatchObject({ code: 3, stdout: expect.stringContaining('"hash"') });
  });

  it("is let through with onRefusal proceed, as the run will be", async () => {
    await ahead({ "004_gift.sql": GIFT });
    scene.values({ rollback: { ...auto.rollback, onRefusal: "proceed" } });
    const { code, stdout, stderr } = await scene.run("plan");
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("rollback.onRefusal is proceed"),
    });
    expect(stderr).toContain("004_gift stays ahead");
    expect(stderr).toContain("nothing to do");
    expect(stdout).not.toContain("taken back");
  });

  it("is none where nothing is lost", async () => {
    scene.files.write({ "004_narrow.sql": NARROW.replaceAll("bookings", "orders") });
    await scene.run("migrate");
    forget("004_narrow.sql");
    scene.values(auto);
    const { code, stderr } = await scene.run("plan");
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("next: headgate migrate") });
  });
});

describe("the printed way out", () => {
  const gone = async () => {
    expect(await names()).toEqual(["001_orders", "002_total", "003_rename"]);
    expect(await columns()).toEqual(["id", "remark", "total"]);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  };

  it("accepts a loss only where data would be lost", async () => {
    await ahead({ "004_gift.sql": GIFT });
    const commands = printed(await scene.run("migrate"));
    expect(commands).toEqual(["revert --to 003_rename --accept-data-loss --yes"]);
    await does(commands[0]);
    await gone();
  });

  it("takes back what came later before what has no way back, and accepts nothing", async () => {
    await ahead({ "004_one_way.sql": ONE_WAY, "005_narrow.sql": NARROW });
    const commands = printed(await scene.run("migrate"));
    expect(commands).toEqual([
      "revert --to 004_one_way --yes",
      "repair 004_one_way --pending --yes",
      "revert --to 003_rename --yes",
    ]);
    await does(commands[0]);
    await scene.database.sql("ALTER TABLE bookings RENAME TO orders");
    await does(commands[1]);
    await does(commands[2]);
    await gone();
  });

  it("takes the rest back after what has no way back, and accepts the loss there", async () => {
    await ahead({ "004_gift.sql": GIFT, "005_index.sql": "CREATE INDEX gifts ON orders (gift);\n" });
    const commands = printed(await scene.run("migrate"));
    const expected = ["repair 005_index --pending --yes", "revert --to 003_rename --accept-data-loss --yes"];
    expect(commands).toEqual(expected);
    expect(printed(await scene.run("revert", "--accept-data-loss", "--yes"))).toEqual(expected);
    await scene.database.sql("DROP INDEX gifts");
    for (const command of commands) await does(command);
    await gone();
  });

  it("accepts no loss that nobody could see yet: the next refusal names it", async () => {
    await ahead({ "004_gift.sql": GIFT, "005_one_way.sql": ONE_WAY });
    const commands = printed(await scene.run("migrate"));
    expect(commands).toEqual(["repair 005_one_way --pending --yes", "revert --to 003_rename --yes"]);
    await scene.database.sql("ALTER TABLE bookings RENAME TO orders");
    await does(commands[0]);
    const again = await scene.run("revert", "--to", "003_rename", "--yes");
    expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining("would lose 2 values of orders.gift") });
    expect(printed(again)).toEqual(["revert --to 003_rename --accept-data-loss --yes"]);
    await does(printed(again)[0]);
    await gone();
  });

  it("settles what stopped part-way", async () => {
    scene.files.write({ "004_two.sql": "-- headgate: no-transaction\nCREATE TABLE two ();\nSELECT 1 / 0;\n" });
    expect(await scene.run("migrate")).toMatchObject({ code: 7 });
    forget("004_two.sql");
    scene.values(auto);
    const refused = await scene.run("migrate");
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining("004_two: it stopped part-way") });
    const commands = printed(refused);
    expect(commands).toEqual(["repair 004_two --pending --yes", "revert --to 003_rename --yes"]);
    await scene.database.sql("DROP TABLE two");
    for (const command of commands) await does(command);
    await gone();
  });

  it("settles what another tool applied", async () => {
    await ahead({ "004_theirs.sql": "SELECT 1;\n" });
    await scene.database.sql("DELETE FROM headgate.history WHERE name = '004_theirs'");
    const refused = await scene.run("migrate");
    expect(refused.stderr).toContain("004_theirs: its down SQL is not recorded");
    const commands = printed(refused);
    expect(commands).toEqual(["repair 004_theirs --pending --yes", "revert --to 003_rename --yes"]);
    for (const command of commands) await does(command);
    await gone();
  });

  it("does not run SQL whose signature does not fit", async () => {
    const keys = folder({ key: "0123456789abcdef0123456789abcdef" });
    onTestFinished(keys.remove);
    const key = ["--signing-key", `${keys.path}/key`];
    await ahead({ "004_narrow.sql": NARROW.replaceAll("bookings", "orders"), "005_last.sql": "SELECT 1;\n" }, ...key);
    await scene.database.sql("UPDATE headgate.history SET down_sql = 'DROP TABLE orders' WHERE name = '004_narrow'");
    const refused = await scene.run("migrate", ...key);
    expect(refused.stderr).toContain("004_narrow: its stored down SQL does not fit its signature");
    const commands = printed(refused);
    expect(commands).toEqual(["repair 005_last 004_narrow --pending --yes", "revert --to 003_rename --yes"]);
    await scene.database.sql("ALTER TABLE orders RENAME COLUMN memo TO remark");
    for (const command of commands) await does(command);
    await gone();
  });
});
