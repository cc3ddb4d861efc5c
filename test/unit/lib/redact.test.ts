import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor } from "../../../agent/lib/redact.ts";

const cleaned = (secret: string | undefined, text: string): string => {
  const redactor = createRedactor();
  redactor.add(secret);
  return redactor.clean(text);
};

describe("a redactor", () => {
  it("blanks a secret out in every form in which it may turn up", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 8 }), (secret) => {
        const forms = [
          secret,
          encodeURIComponent(secret),
          JSON.stringify(secret),
          Buffer.from(secret).toString("base64"),
        ];
        for (const form of forms) expect(cleaned(secret, `<<${form}>>`)).not.toContain(form);
      }),
    );
  });

  it("blanks out a secret that holds another, wholly, in whatever order they came", () => {
    const redactor = createRedactor();
    redactor.add("pass");
    redactor.add("pass-and-more");
    expect(redactor.clean("it is pass-and-more")).toBe("it is [redacted]");
  });

  it("blanks it out inside of something longer in base64, as in an Authorization header", () => {
    const secret = "s3cret-of-the-gateway";
    for (const user of ["", "a", "ab", "abc"]) {
      const header = Buffer.from(`${user}:${secret}:and more`).toString("base64");
      const left = cleaned(secret, `Basic ${header}`).replace(/^Basic |\[redacted\]/g, "");
      expect(Buffer.from(left, "base64").toString()).not.toMatch(/cret-of/);
      expect(left.length).toBeLessThan(header.length - 20);
    }
  });

  it("blanks out the password of any URL, also of one that it never saw", () => {
    expect(cleaned(undefined, "postgres://app:hunter2@db/shop and postgresql://app:a%40b@db")).toBe(
      "postgres://app:[redacted]@db/shop and postgresql://app:[redacted]@db",
    );
  });

  it("blanks out a password with an @ in a URL", () => {
    expect(cleaned(undefined, "postgresql://app:hunt@er2@db/shop")).not.toContain("er2");
  });

  it("leaves ordinary text and its own mark alone", () => {
    const text = "write postgresql://ROLE:PASSWORD@HOST:5432/DATABASE";
    expect(cleaned(undefined, text)).toBe(text);
    expect(cleaned("abc", "abc is too short to be blanked out")).toContain("abc");
  });

  it("ends a URL's password within its own string in JSON", () => {
    const text = JSON.stringify({ url: "postgres://app:hunt@er2@db", to: "dba@example.org" });
    expect(JSON.parse(cleaned(undefined, text))).toEqual({
      url: "postgres://app:[redacted]@db",
      to: "dba@example.org",
    });
  });
});
