import { join } from "node:path";
import { isErrorId } from "../errors/catalogue.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { readTextIfThere, writeWhole } from "../lib/files.ts";
import { isRecord } from "../lib/records.ts";

/** How a container of the pod ended, left in the shared folder for the next one. */
export interface Verdict {
  readonly exitCode: number;
  /** When the container began, milliseconds since 1970. */
  readonly startedAt: number;
  readonly error?: {
    readonly id: string;
    readonly what: string;
    readonly details: readonly string[];
    readonly fix: string;
    readonly stands: string;
  };
}

export type Container = "wait" | "migrate";

const fileOf = (folder: string, container: Container): string => join(folder, `${container}.json`);

export async function writeVerdict(folder: string, container: Container, verdict: Verdict): Promise<void> {
  await writeWhole(fileOf(folder, container), JSON.stringify(verdict));
}

export function verdictOf(startedAt: number, error: HeadgateError | undefined): Verdict {
  if (error === undefined) return { exitCode: 0, startedAt };
  const { id, message, details, fix, stands } = error;
  return { exitCode: error.exitCode, startedAt, error: { id, what: message, details, fix, stands } };
}

const isVerdict = (value: unknown): value is Verdict =>
  isRecord(value) && typeof value.exitCode === "number" && typeof value.startedAt === "number";

/** The verdict, or undefined when the container left none. */
export function readVerdict(folder: string, container: Container): Verdict | undefined {
  const text = readTextIfThere(fileOf(folder, container));
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  return isVerdict(value) ? value : undefined;
}

/** The error behind a verdict, as the other container raised it. */
export function errorOfVerdict({ error }: Verdict): HeadgateError | undefined {
  if (error === undefined) return undefined;
  return new HeadgateError(isErrorId(error.id) ? error.id : "bug", error);
}
