import { describe, expect, it } from "vitest";
import type { Client } from "../../../agent/postgres/client.ts";
import type { Connection } from "../../../agent/postgres/connection.ts";
import { directAddress, oneByOne, withLocalSettings } from "../../../agent/postgres/pooler.ts";

/** Notes what is sent, and answers each message when told to. */
function recorder() {
  const sent: string[] = [];
  const answers: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const send = (text: string) => {
    sent.push(text);
    return new Promise<void>((resolve, reject) => answers.push({ resolve, reject }));
  };
  const client: Client = {
    query: async (text) => {
      await send(text);
      return [];
    },
    each: async (text, take) => {
      await send(text);
      take({ of: text });
    },
    run: async (text) => {
      await send(text);
      return undefined;
    },
    announcedPid: 1,
    lost: () => undefined,
    close: async () => {},
    leave: () => {},
    abandon: () => {},
  };
  return { sent, answers, client };
}

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

describe("oneByOne", () => {
  it("sends a message when the one ahead is answered, also when the answer is an error", async () => {
    const { sent, answers, client } = recorder();
    const slow = oneByOne(client);
    const rows: unknown[] = [];
    const results = [slow.query("a"), slow.run("b"), slow.each("c", (row) => rows.push(row))].map((one) =>
      one.catch(String),
    );
    await turn();
    expect(sent).toEqual(["a"]);
    answers[0]?.reject(new Error("no"));
    await turn();
    expect(sent).toEqual(["a", "b"]);
    answers[1]?.resolve();
    await turn();
    expect(sent).toEqual(["a", "b", "c"]);
    answers[2]?.resolve();
    expect(await Promise.all(results)).toEqual(["Error: no", undefined, undefined]);
    expect(rows).toEqual([{ of: "c" }]);
  });
});

describe("withLocalSettings", () => {
  it("puts them before every message but those that end a transaction, which may be aborted", () => {
    const { sent, client } = recorder();
    const local = withLocalSettings(client, "SET LOCAL ROLE a");
    for (const text of ["SELECT 1", "BEGIN READ ONLY", "ROLLBACK", " commit"]) void local.query(text);
    expect(sent).toEqual(["SET LOCAL ROLE a; SELECT 1", "SET LOCAL ROLE a; BEGIN READ ONLY", "ROLLBACK", " commit"]);
  });
});

describe("directAddress", () => {
  const at = (host: string, port: number): Connection => ({
    host,
    port,
    database: "shop",
    user: "app",
    password: undefined,
    tls: { mode: "require", caFile: undefined, certFile: undefined, keyFile: undefined },
    options: undefined,
  });
  it.each([
    ["aws-0-eu-central-1.pooler.supabase.com", 6543, "port 5432"],
    ["ep-cool-name-123-pooler.eu-central-1.aws.neon.tech", 5432, "without -pooler"],
    ["shop.proxy-abc123.eu-central-1.rds.amazonaws.com", 5432, "the endpoint of the cluster or the instance"],
    ["shop.postgres.database.azure.com", 6432, "instead of PgBouncer's 6432"],
    ["db-1.b.db.ondigitalocean.com", 25061, "port 25060"],
    ["pool.internal", 5433, "host and port of PostgreSQL itself"],
  ])("of %s:%i", (host, port, words) => {
    expect(directAddress(at(host, port))).toContain(words);
  });
});
