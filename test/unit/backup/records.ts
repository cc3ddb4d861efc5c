import type { BackupRecord } from "../../../agent/backup/record.ts";

/** A record of a backup, but for what is given. */
export const recordOf = (part: Partial<BackupRecord> = {}): BackupRecord => ({
  format: 1,
  name: "20261121T190000Z-default-manual",
  database: "shop",
  server: "1",
  target: "default",
  planHash: null,
  startedAt: "2026-11-21T19:00:00.000Z",
  serverVersion: "18.1",
  clientVersion: "18.1",
  strategy: "dump",
  tables: null,
  rows: null,
  bytes: 4,
  sha256: "0".repeat(64),
  verified: "read",
  release: null,
  run: null,
  locale: { encoding: "UTF8", collate: "C", ctype: "C", provider: "c", locale: null },
  likeness: { owner: "shop", grants: [], settings: [] },
  closed: [],
  ...part,
});
