import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { getActions } from "node-pg-migrate/sqlMigration";
import { decodeSql } from "./decode.ts";
import { type Headers, readHeaders } from "./headers.ts";
import type { Migration, MigrationFile, SqlText } from "./types.ts";

type Action = ReturnType<typeof getActions>["up"];
type Builder = Parameters<Exclude<Action, undefined | false>>[0];

/** node-pg-migrate's sections hand their text to `pgm.sql`; of the builder nothing else is used. */
function textOf(action: Action): string | undefined {
  if (typeof action !== "function") return undefined;
  const texts: string[] = [];
  const builder: Pick<Builder, "sql"> = { sql: (text) => void texts.push(text) };
  void action(builder as Builder, () => {});
  return texts.join("");
}

const lineOf = (content: string, offset: number): number => content.slice(0, offset).split("\n").length;

function sectionOf(content: string, sql: string, file: string): SqlText {
  return { sql, file, line: lineOf(content, content.indexOf(sql)) };
}

interface Parts {
  readonly up: SqlText;
  readonly down: string | undefined;
  readonly downAt: Migration["downAt"];
  readonly headers: Headers;
  /** The down section's own: only whether it runs in a transaction counts. */
  readonly downHeaders: Headers | undefined;
}

function fromSingle(file: MigrationFile): Parts {
  const path = file.paths[0] ?? "";
  const base = basename(path);
  const content = decodeSql(readFileSync(path), base);
  const { up, down } = getActions(content);
  const section = sectionOf(content, textOf(up) ?? "", base);
  const downSql = textOf(down);
  // The headers may stand above the "Up Migration" mark, where node-pg-migrate cuts.
  const downAt = downSql === undefined ? content.length : content.indexOf(downSql);
  const head = downAt > 0 ? content.slice(0, downAt) : content.slice(downSql?.length ?? 0);
  const headers = readHeaders(head, base, downAt > 0 ? 1 : (section.line ?? 1));
  const line = lineOf(content, Math.max(0, downAt));
  const downHeaders = downSql === undefined ? undefined : readHeaders(downSql, base, line);
  return { up: section, down: downSql, downAt: { file: base, line }, headers, downHeaders };
}

function fromPair(file: MigrationFile): Parts {
  const [upPath = "", downPath] = file.paths;
  const base = basename(upPath);
  const content = decodeSql(readFileSync(upPath), base);
  const down = downPath === undefined ? undefined : decodeSql(readFileSync(downPath), basename(downPath));
  const downAt = { file: basename(downPath ?? ""), line: 1 };
  const downHeaders = down === undefined ? undefined : readHeaders(down, downAt.file, 1);
  const headers = readHeaders(content, base, 1);
  return { up: { sql: content, file: base, line: 1 }, down, downAt, headers, downHeaders };
}

const hasSql = (text: string | undefined): text is string =>
  text !== undefined && text.replace(/--.*$|\/\*[\s\S]*?\*\//gm, "").trim() !== "";

function assemble(file: MigrationFile, { up, down, downAt, headers, downHeaders }: Parts): Migration {
  const stored = hasSql(down);
  return {
    ...file,
    up,
    down: stored ? down : undefined,
    downAt: stored ? downAt : undefined,
    downKind: stored ? "stored" : "irreversible",
    // A file that runs without a transaction goes back without one; a down section can ask for it alone.
    downTransaction: headers.transaction && (downHeaders?.transaction ?? true),
    downEffects: undefined,
    ...headers,
  };
}

/** A migration as its file, or pair of files, says it. Throws `FileProblemError`. */
export function loadSql(file: MigrationFile): Migration {
  return assemble(file, file.kind === "pair" ? fromPair(file) : fromSingle(file));
}
