export interface Redactor {
  /** Remembers a secret; whatever is shorter than four characters would blank out ordinary text and is left. */
  add(secret: string | undefined): void;
  clean(text: string): string;
}

const MASK = "[redacted]";

/** Up to the last @ of the word, for a password may hold one; not past a quote, where a JSON string ends. */
const PASSWORD_IN_URL = /(\bpostgres(?:ql)?:\/\/[^\s:@/]*:)(?!PASSWORD@)(?:[^\s"]+|[^\s@]+)@/g;

/** A password that SQL sets in plain text. */
const PASSWORD_IN_SQL = /(\bPASSWORD\s+)E?'(?:[^']|'')*'/gi;

export const withoutPasswords = (sql: string): string => sql.replaceAll(PASSWORD_IN_SQL, `$1'${MASK}'`);

/** Fewer letters than these could be anybody's. */
const LEAST_BASE64 = 8;

/** What base64 makes of a secret behind `before` other bytes, as in a header's user:password, less what its neighbours have a part in. */
function insideBase64(secret: string, before: number): string[] {
  const whole = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
  const text = whole.toString("base64").slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6));
  return text.length < LEAST_BASE64 ? [] : [text, text.replaceAll("+", "-").replaceAll("/", "_")];
}

const forms = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString("base64"),
  ...[0, 1, 2].flatMap((before) => insideBase64(secret, before)),
];

/** Blanks out every secret it knows: raw, URL-encoded, JSON-escaped and in base64; and the password of any URL. */
export function createRedactor(): Redactor {
  let known: readonly string[] = [];
  return {
    add(secret) {
      if (secret === undefined || secret.length < 4) return;
      // Longest first: a secret may hold another.
      known = [...new Set([...known, ...forms(secret)])].sort((a, b) => b.length - a.length);
    },
    clean(text) {
      let result = text;
      for (const secret of known) result = result.replaceAll(secret, MASK);
      return result.replace(PASSWORD_IN_URL, `$1${MASK}@`);
    },
  };
}
