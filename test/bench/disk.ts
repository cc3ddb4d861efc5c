import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { median } from "./table.ts";

/** Bytes that a small commit writes to the log. */
const BLOCK = Buffer.alloc(8_192, 1);

/**
 * Milliseconds that the disk under `folder` takes until a write will survive a loss of power: what each commit of a peer that
 * waits for it costs, and one commit in a thousand of one that need not.
 */
export function flushMs(folder: string): number {
  const path = join(folder, "flush");
  const descriptor = openSync(path, "w");
  try {
    const took = Array.from({ length: 200 }, () => {
      writeSync(descriptor, BLOCK);
      const began = performance.now();
      fdatasyncSync(descriptor);
      return performance.now() - began;
    });
    return median(took) ?? 0;
  } finally {
    closeSync(descriptor);
    rmSync(path);
  }
}
