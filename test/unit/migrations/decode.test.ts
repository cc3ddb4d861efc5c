import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSql, normalized } from "../../../agent/migrations/decode.ts";

describe("decodeSql", () => {
  it("gives back any text, and takes BOM and CRLF for what they are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const sql = `SELECT 1;\n${text.replaceAll("\0", "").replaceAll("\r", "")}`;
        expect(decodeSql(Buffer.from(sql), "a.sql")).toBe(sql);
        expect(decodeSql(Buffer.from(`\ufeff${sql.replaceAll("\n", "\r\n")}`), "a.sql")).toBe(sql);
      }),
    );
  });

  it("names the byte at which a file stops being UTF-8, wherever it stands", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), fc.constantFrom(0xe9, 0xff, 0x80, 0xc3), (before, byte) => {
        const lead = `SELECT ${before}`;
        const bytes = Buffer.concat([Buffer.from(lead), Buffer.from([byte]), Buffer.from("';\n")]);
        expect(() => decodeSql(bytes, "a.sql")).toThrow(`offset ${lead.length} `);
      }),
    );
  });

  it("counts that byte in the file as it lies on the disk, BOM and CRLF included", () => {
    const bytes = Buffer.concat([Buffer.from("\ufeffSELECT\r\n"), Buffer.from([0xff])]);
    expect(() => decodeSql(bytes, "a.sql")).toThrow("offset 11");
  });

  it("passes over replacement characters that the file really holds", () => {
    const text = Buffer.from("SELECT '\ufffd\ufffd';");
    expect(decodeSql(text, "a.sql")).toBe("SELECT '\ufffd\ufffd';");
    expect(() => decodeSql(Buffer.concat([text, Buffer.from([0xff])]), "a.sql")).toThrow(`offset ${text.length} `);
  });

  it("names a cut-off character at the end", () => {
    expect(() => decodeSql(Buffer.from([0x53, 0xe9]), "a.sql")).toThrow("offset 1 ");
  });

  it("leaves lone carriage returns alone", () => {
    expect(normalized(Buffer.from("a\rb\r\nc"))).toEqual(Buffer.from("a\rb\nc"));
  });
});
