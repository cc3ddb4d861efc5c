import { createHash } from "node:crypto";

/** Numbers from 0 up to 1, the same for the same seed. */
export type Random = () => number;

export function createRandom(seed: string): Random {
  let drawn = 0;
  return () => {
    drawn += 1;
    return createHash("sha256").update(`${seed}/${drawn}`).digest().readUInt32BE(0) / 2 ** 32;
  };
}

/** A whole number from 0 to `limit` - 1. */
export const below = (random: Random, limit: number): number => Math.floor(random() * limit);
