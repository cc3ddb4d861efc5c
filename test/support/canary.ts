import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Stands in every secret of the tests, whole and in letters that neither a URL nor JSON writes in another way. */
export const MARK = "canary7Ub2kQx9";

/** A secret with every special character that a connection URL could choke on. */
export const CANARY = `${MARK}@:/?#[]%20' "\\ &+=é中😀;$`;

/** What base64 makes of the mark behind `before` other bytes, less what its neighbours have a part in. */
function inBase64(before: number): string {
  const whole = Buffer.concat([Buffer.alloc(before), Buffer.from(MARK)]);
  return whole.toString("base64").slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6));
}

/** The mark raw, as a URL and JSON have it too, and in base64 wherever it begins. */
export const FORMS: readonly string[] = [MARK, ...[0, 1, 2].map(inBase64)];

/** The first form of the mark that `text` holds, with what stands around it. */
export function leakIn(text: Buffer | string): string | undefined {
  const bytes = Buffer.from(text);
  const at = FORMS.map((form) => bytes.indexOf(form)).find((index) => index >= 0);
  return at === undefined ? undefined : bytes.subarray(Math.max(0, at - 200), at + 100).toString();
}

const FOLDER = "HEADGATE_TEST_OUTPUTS";

/** Keeps what the agent has put out, for the search at the end of the suite; nothing outside of a suite. */
export function keep(output: string): void {
  const folder = process.env[FOLDER];
  if (folder !== undefined) appendFileSync(join(folder, String(process.pid)), `${output}\n`);
}

/** Whether outputs are kept. */
export const keeping = (): boolean => process.env[FOLDER] !== undefined;

/**
 * From now on everything is kept; what is returned searches it, removes it, and throws when a secret is in it.
 * Where something else keeps it already, that will search it.
 */
export function keepOutputs(): () => void {
  if (keeping()) return () => {};
  const folder = mkdtempSync(join(tmpdir(), "headgate-outputs-"));
  process.env[FOLDER] = folder;
  return () => {
    delete process.env[FOLDER];
    const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    rmSync(folder, { recursive: true, force: true });
    const leaks = kept.map(leakIn).filter((leak) => leak !== undefined);
    const searched = kept.reduce((sum, { length }) => sum + length, 0);
    process.stdout.write(
      `canary: ${leaks.length} of ${kept.length} files of outputs hold a secret, ${searched} bytes\n`,
    );
    if (leaks.length > 0) throw new Error(`a secret of the tests was put out:\n${leaks.join("\n---\n")}`);
  };
}
