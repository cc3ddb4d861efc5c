const SHAPE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([A-Za-z0-9][A-Za-z0-9._-]{0,62})-([0-9a-f]{8}|manual)$/;
const LONGEST_TARGET = 63;

export const DUMP = ".dump";
export const RECORD = ".json";

export interface BackupName {
  readonly at: Date;
  /** Signs that a name has no room for are `-`; the record has it as it is. */
  readonly target: string;
}

/** A target as a name holds it: a member of a fleet has a `/` in its own, and its schema may have any sign. */
const inName = (target: string): string => target.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, LONGEST_TARGET);

/** `20261121T190000Z-default-3fb2a1c0`. Throws a TypeError where that could not be read again. */
export function backupName(at: Date, target: string, planHash: string | undefined): string {
  const time = `${at.toISOString().replaceAll(/[-:]|\.\d+/g, "")}`;
  const name = `${time}-${inName(target)}-${planHash?.slice(0, 8) ?? "manual"}`;
  if (parseBackupName(name) === undefined) throw new TypeError(`${name} is no name of a backup`);
  return name;
}

/** Undefined for what is no backup's name. */
export function parseBackupName(name: string): BackupName | undefined {
  const [, year, month, day, hour, minute, second, target] = SHAPE.exec(name) ?? [];
  if (target === undefined) return undefined;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at.getTime()) ? undefined : { at, target };
}
