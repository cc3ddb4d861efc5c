const SHAPE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([A-Za-z0-9][A-Za-z0-9._-]{0,62})-([0-9a-f]{8}|manual)$/;

export const DUMP = ".dump";
export const RECORD = ".json";

export interface BackupName {
  readonly at: Date;
  readonly target: string;
}

/** `20261121T190000Z-default-3fb2a1c0`. */
export function backupName(at: Date, target: string, planHash: string | undefined): string {
  const time = `${at.toISOString().replaceAll(/[-:]|\.\d+/g, "")}`;
  return `${time}-${target}-${planHash?.slice(0, 8) ?? "manual"}`;
}

/** Undefined for what is no backup's name. */
export function parseBackupName(name: string): BackupName | undefined {
  const [, year, month, day, hour, minute, second, target] = SHAPE.exec(name) ?? [];
  if (target === undefined) return undefined;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at.getTime()) ? undefined : { at, target };
}
