import { randomUUID } from "node:crypto";
// Not of node:fs/promises, which no start has time for: it comes with much that is not wanted.
import { promises, readFileSync } from "node:fs";

export const errorCode = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;

/** The file's text, or undefined when there is no such file. */
export function readTextIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Writes the whole file or none of it: a reader never sees half. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  await promises.writeFile(part, text);
  await promises.rename(part, path);
}
