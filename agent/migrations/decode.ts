import { FileProblemError } from "./problem.ts";

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const REPLACEMENT = "\ufffd";

/** The bytes as every checkout should have them: no BOM, LF line ends. What git's autocrlf does is no edit. */
export function normalized(bytes: Buffer): Buffer {
  const body = bytes.subarray(0, 3).equals(BOM) ? bytes.subarray(3) : bytes;
  if (!body.includes(0x0d)) return body;
  return Buffer.from(body.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
}

/** Offset of the first sequence that is no UTF-8, in the file as it lies on the disk. */
function firstInvalidByte(bytes: Buffer): number {
  const text = bytes.toString("utf8");
  for (let at = text.indexOf(REPLACEMENT); at >= 0; at = text.indexOf(REPLACEMENT, at + 1)) {
    const offset = Buffer.byteLength(text.slice(0, at));
    // The file may hold the replacement character itself.
    if (!bytes.subarray(offset, offset + 3).equals(Buffer.from(REPLACEMENT))) return offset;
  }
  return bytes.length;
}

/** The text of a migration file, or a `FileProblemError` that says which encoding problem it has. */
export function decodeSql(bytes: Buffer, file: string): string {
  const problem = (text: string) => new FileProblemError({ file, text });
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw problem("is UTF-16; save it as UTF-8");
  }
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw problem(`holds a NUL byte at offset ${zero}: it is binary, or UTF-16 without a mark`);
  const body = normalized(bytes);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    if (text.trim() === "") throw problem("is empty");
    return text;
  } catch (error) {
    if (error instanceof FileProblemError) throw error;
    throw problem(`is not UTF-8: the byte at offset ${firstInvalidByte(bytes)} fits no character`);
  }
}
