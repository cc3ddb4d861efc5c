/** A moment of PostgreSQL's as ISO 8601, whatever DateStyle and TimeZone the session has. */
export const isoSql = (moment: string): string =>
  `to_char(${moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

export const textOrNull = (value: unknown): string | null =>
  value === null || value === undefined ? null : String(value);

export const numberOrNull = (value: unknown): number | null =>
  value === null || value === undefined ? null : Number(value);
