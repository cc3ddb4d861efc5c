import { describe, expect, it } from "vitest";
import { versionObstacle } from "../../../agent/checks/server-version.ts";

describe("the server's version", () => {
  it("13 and older is refused", () => {
    expect(versionObstacle({ version: 130_020, versionText: "13.20" })).toEqual({
      what: "the server is PostgreSQL 13.20; Headgate needs 14 or later",
      fix: expect.stringContaining("upgrade"),
    });
  });

  it("14.0 to 14.3 may build bad indexes, which is a warning", () => {
    expect(versionObstacle({ version: 140_003, versionText: "14.3" })).toMatchObject({ severity: "warning" });
  });

  it.each([140_004, 150_000, 180_004])("%i will do", (version) => {
    expect(versionObstacle({ version, versionText: "" })).toBeUndefined();
  });
});
