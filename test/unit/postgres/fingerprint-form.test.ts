import { hash } from "node:crypto";
import { expect, it } from "vitest";
import { FINGERPRINT_FORM } from "../../../agent/postgres/fingerprint.ts";
import { fingerprintSql } from "../../../agent/postgres/fingerprint-sql.ts";
import { providerOwned } from "../../../agent/postgres/provider-owned.ts";

it("the form of a fingerprint is another whenever its query is: put the hash that is printed here into FINGERPRINT_FORM", () => {
  const queries = [{}, { only: "shop" }, { partitions: "named" as const }].map((part) =>
    fingerprintSql({ schemas: [], tables: [], ...part }),
  );
  expect(FINGERPRINT_FORM).toBe(hash("sha256", queries.join()).slice(0, 16));
});

it("a name that anybody could use is a platform's only where there is a sign of that platform", () => {
  const common = ["auth", "storage", "extensions", "net", "realtime", "vault", "cron", "repack", "graphql"];
  const unsigned = providerOwned.filter((one) => one.sign === undefined).flatMap((one) => one.schemas ?? []);
  expect(unsigned.filter((name) => common.includes(name))).toEqual([]);
});
