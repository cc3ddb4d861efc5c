/** Lines of a plain SQL dump that belong together. */
export interface Piece {
  /** `sql`: whole statements; `copy`: the head of a COPY whose rows follow; `command`: one of psql's own, as `\connect`. */
  readonly kind: "sql" | "copy" | "command";
  readonly text: string;
  /** On which it begins, from 1. */
  readonly line: number;
}

// Identifiers are taken whole: a $ inside one begins no dollar quote, and an E before a quote is one.
const TOKEN =
  /'|"|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|--|\/\*|[();]|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g;

/** What the text is inside of: every match of `pattern` that is not `close` belongs to it. */
interface Inside {
  readonly pattern: RegExp;
  readonly close: string;
}

const STRING: Inside = { pattern: /''|'/g, close: "'" };
const ESCAPED: Inside = { pattern: /\\.?|''|'/g, close: "'" };
const NAME: Inside = { pattern: /""|"/g, close: '"' };
const COMMENT: Inside = { pattern: /\/\*|\*\//g, close: "*/" };

const dollar = (tag: string): Inside => ({ pattern: new RegExp(tag.replaceAll("$", "\\$"), "g"), close: tag });

const ROUTINE = /^CREATE (OR REPLACE )?(FUNCTION|PROCEDURE)\b/;

/** Reads line by line and knows whether a statement is open at the end of one, by the rules that psql has for it. */
class Reader {
  /** Words and signs so far, comments apart. */
  tokens = 0;
  /** A statement has begun and not ended. */
  private open = false;
  private inside: Inside | undefined;
  private comments = 0;
  private parens = 0;
  /** BEGIN ATOMIC and CASE of a routine's body, whose semicolons end nothing. */
  private bodies = 0;
  private words: string[] = [];

  read(line: string): void {
    for (let at = 0; at >= 0 && at < line.length; )
      at = this.inside === undefined ? this.next(line, at) : this.leave(line, at, this.inside);
  }

  get between(): boolean {
    return !this.open && this.inside === undefined;
  }

  /** Where to go on; -1 when the line has no more. */
  private next(line: string, from: number): number {
    TOKEN.lastIndex = from;
    const [token] = TOKEN.exec(line) ?? [];
    if (token === undefined || token === "--") return -1;
    const end = TOKEN.lastIndex;
    if (token === "/*") {
      this.inside = COMMENT;
      this.comments = 1;
      return end;
    }
    this.tokens += 1;
    this.open = true;
    if (token === "'") this.inside = STRING;
    else if (token === '"') this.inside = NAME;
    else if (token.startsWith("$")) this.inside = dollar(token);
    else if (/^[();]$/.test(token)) this.mark(token);
    else return this.word(token.toUpperCase(), line, end);
    return end;
  }

  private mark(sign: string): void {
    if (sign === "(") this.parens += 1;
    else if (sign === ")") this.parens -= 1;
    else if (this.parens <= 0 && this.bodies === 0) {
      this.open = false;
      this.parens = 0;
      this.words = [];
    }
  }

  private word(word: string, line: string, end: number): number {
    if (word === "E" && line[end] === "'") {
      this.inside = ESCAPED;
      return end + 1;
    }
    if (this.words.length < 4) this.words.push(word);
    if (this.parens === 0 && ROUTINE.test(this.words.join(" "))) {
      if (word === "BEGIN" || (word === "CASE" && this.bodies > 0)) this.bodies += 1;
      else if (word === "END" && this.bodies > 0) this.bodies -= 1;
    }
    return end;
  }

  private leave(line: string, from: number, { pattern, close }: Inside): number {
    pattern.lastIndex = from;
    for (let [found] = pattern.exec(line) ?? []; found !== undefined; [found] = pattern.exec(line) ?? []) {
      if (close === COMMENT.close) this.comments += found === close ? -1 : 1;
      if (found !== close || (close === COMMENT.close && this.comments > 0)) continue;
      this.inside = undefined;
      return pattern.lastIndex;
    }
    return -1;
  }
}

/** Rejects with a TypeError when the bytes are not UTF-8. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest: string[] = [];
  for await (const chunk of chunks) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    rest.push(first);
    for (const other of others) {
      yield rest.join("");
      rest = [other];
    }
  }
  rest.push(decoder.decode());
  if (rest.join("") !== "") yield rest.join("");
}

// With these pg_dump keeps psql from obeying commands in the data; nobody obeys them here.
const GUARD = /^\\(un)?restrict\b/;

/**
 * Splits a dump as pg_dump writes it, each statement ending with its line. Comments between statements are left out.
 * Rejects with a TypeError when the bytes are not UTF-8.
 */
export async function* pieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  const reader = new Reader();
  let pending: string[] = [];
  let at = 0;
  for await (const line of linesOf(chunks)) {
    at += 1;
    if (reader.between && line.startsWith("\\")) {
      if (!GUARD.test(line)) yield { kind: "command", text: line, line: at };
      continue;
    }
    const before = reader.tokens;
    reader.read(line);
    if (pending.length === 0 && reader.tokens === before) continue;
    pending.push(line);
    if (!reader.between) continue;
    const text = pending.join("\n");
    yield { kind: /^COPY\s.*\sFROM\s+stdin\b/is.test(text) ? "copy" : "sql", text, line: at - pending.length + 1 };
    pending = [];
  }
  if (pending.length > 0) yield { kind: "sql", text: pending.join("\n"), line: at - pending.length + 1 };
}
