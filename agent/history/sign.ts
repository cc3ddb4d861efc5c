import { createHmac, timingSafeEqual } from "node:crypto";

export interface Signed {
  readonly name: string;
  readonly down: string;
  readonly transaction: boolean;
}

/** HMAC-SHA256 in hex over one migration's down SQL: stored SQL runs with the rights of the migrator. */
export type Signer = (signed: Signed) => string;

/** The target is signed too: a row copied from another one does not pass. */
export const createSigner =
  (key: Buffer, target: string): Signer =>
  ({ name, down, transaction }) =>
    createHmac("sha256", key)
      .update(JSON.stringify([target, name, down, transaction]))
      .digest("hex");

export function isSignedBy(sign: Signer, signed: Signed, signature: string | null): boolean {
  const expected = Buffer.from(sign(signed));
  const given = Buffer.from(signature ?? "");
  return expected.length === given.length && timingSafeEqual(expected, given);
}
