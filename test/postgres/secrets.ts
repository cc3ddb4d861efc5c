import { expect } from "vitest";

/** Every special character that a connection URL could choke on, and a mark to search for. */
export const CANARY = "canary7@:/?#[]%20' \"\\ &+=é中😀;$";

const formsOf = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString("base64"),
];

/** Fails when `text` holds the secret: raw, URL-encoded, JSON-escaped or in base64. */
export function expectNoSecret(text: string, secret: string = CANARY): void {
  for (const form of formsOf(secret)) expect(text).not.toContain(form);
}
