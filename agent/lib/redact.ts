export interface Redactor {
  /** Remembers a secret; whatever is shorter than four characters would blank out ordinary text and is left. */
  add(secret: string | undefined): void;
  clean(text: string): string;
}

const MASK = "[redacted]";

const forms = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString("base64"),
];

/** Blanks out every secret it knows: raw, URL-encoded, JSON-escaped and base64; and the password of any URL. */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  return {
    add(secret) {
      if (secret === undefined || secret.length < 4) return;
      for (const form of forms(secret)) known.add(form);
    },
    clean(text) {
      let result = text;
      for (const secret of known) result = result.replaceAll(secret, MASK);
      return result.replace(/(\bpostgres(?:ql)?:\/\/[^\s:@/]*:)(?!PASSWORD@)[^\s@]+@/g, `$1${MASK}@`);
    },
  };
}
