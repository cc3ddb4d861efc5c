import { FileProblemError } from "./problem.ts";

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** The bytes as every checkout should have them: no BOM, LF line ends. What git's autocrlf does is no edit. */
export function normalized(bytes: Buffer): Buffer {
  const body = bytes.subarray(0, 3).equals(BOM) ? bytes.subarray(3) : bytes;
  if (!body.includes(0x0d)) return body;
  return Buffer.from(body.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
}

function firstInvalidByte(bytes: Buffer): number {
  let low = 0;
  let high = bytes.length;
  const valid = (end: number) => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (valid(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
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
    throw problem(`is not UTF-8: the byte at offset ${firstInvalidByte(body)} fits no character`);
  }
}
