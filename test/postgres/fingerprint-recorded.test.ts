import { expect, it } from "vitest";
import { fingerprintHash, readObjects } from "../../agent/history/fingerprints.ts";
import { fingerprint } from "../../agent/postgres/fingerprint.ts";
import { openClient } from "./agent-client.ts";
import { useScene } from "./scene.ts";

/** Names and texts that JSON, SQL and the collations of the world see each in their own way. */
const ODD = `
CREATE TABLE "a ""b"" \\ c" (id int PRIMARY KEY, "Ä" text DEFAULT E'\\x01\\t\\n\\u007f\\u2028', "z" text);
CREATE TABLE "\u{1F600}" (id int); CREATE TABLE "\uFFFD" (id int); CREATE TABLE "Z" (id int); CREATE TABLE a_b (id int); CREATE TABLE "a b" (id int);
COMMENT ON TABLE "Z" IS E'  two\\nlines, and a blank at each end ';
CREATE VIEW v AS SELECT 1 AS one;
COMMENT ON TABLE a_b IS 'v1: it begins and ends with one v';
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO PUBLIC;
DO $$ BEGIN
  IF current_setting('server_version_num')::int >= 180000 THEN EXECUTE 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO PUBLIC'; END IF;
END $$;
`;

const scene = useScene({ "001_odd.sql": `-- Up Migration\n${ODD}` });

async function recordedAndRead() {
  expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  const rows = await scene.database.sql("SELECT hash, objects::text AS objects FROM headgate.fingerprint");
  const client = await openClient(scene.database.url);
  try {
    const leftOut = { schemas: ["headgate"], tables: [{ schema: "public", table: "pgmigrations" }] };
    return { rows, read: await fingerprint(client, { leftOut }) };
  } finally {
    await client.close();
  }
}

it("what the server records of a schema is what its readers make of it", async () => {
  const { rows, read } = await recordedAndRead();
  expect(rows).toEqual([{ hash: fingerprintHash(read), objects: expect.any(String) }]);
  expect(read.get("comment on table a_b")?.definition).toBe("v1: it begins and ends with one v");
  expect(new Map([...readObjects(rows[0] ?? {})].sort())).toEqual(new Map([...read].sort()));
});
