import { constants, createReadStream, promises } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { HeadgateError } from "../errors/headgate-error.ts";
import { errorCode } from "../lib/files.ts";
import { reasonOf } from "../lib/reason.ts";
import { NameTaken, PARTIAL, type Store, type Stored } from "./store.ts";

/** What is brought to the disk while the next piece comes: at the end little is left to wait for. */
const SYNC_BYTES = 64 * 2 ** 20;

/** Read at once; Node's own 64 KiB take a third longer. */
const READ_BYTES = 256 * 1024;

const REASONS: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  ENOSPC: ["is full", "make room there, or keep fewer backups with backup.retention"],
  EDQUOT: ["is full", "make room there, or keep fewer backups with backup.retention"],
  EFBIG: ["takes no file as large as this", "let it: ulimit -f unlimited, or a file system that holds larger files"],
  EACCES: ["may not be written by this user", "let the user that Headgate runs as write there"],
  EPERM: ["may not be written by this user", "let the user that Headgate runs as write there"],
  EROFS: ["is mounted read-only", "mount it to be written"],
  ENOENT: ["is not there", "make the folder, or name another in backup.volume.path"],
  ENOTDIR: ["is no folder", "name a folder in backup.volume.path"],
};

function failure(folder: string, error: unknown): HeadgateError {
  const words = reasonOf(error);
  const [what, fix] = REASONS[errorCode(error) ?? ""] ?? [`fails: ${words}`, "mend what it says and run again"];
  return new HeadgateError("backup-failed", { what: `the folder for backups, ${folder}, ${what}`, fix, cause: error });
}

/** Fails in the words of the store; what else `work` rejects with passes. */
async function inWords<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw errorCode(error) === undefined || error instanceof HeadgateError ? error : failure(folder, error);
  }
}

const exists = async (path: string): Promise<boolean> =>
  await promises.stat(path).then(
    () => true,
    () => false,
  );

/** The folder's own entry for a new name has to be on the disk, too. Not every file system can do that. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await promises.open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Backups as files of one folder, which is made with the first of them where `makes` says so. */
export function volumeStore(path: string, makes = false): Store {
  const folder = resolve(path);
  const isToCome = async (): Promise<boolean> => makes && !(await exists(folder));

  /** Whoever has the partial file has the name: it is made only where there is none. */
  const begin = async (name: string): Promise<FileHandle> => {
    const partial = join(folder, `${name}${PARTIAL}`);
    const file = await promises.open(partial, "wx", 0o600).catch((error: unknown) => {
      throw errorCode(error) === "EEXIST" ? new NameTaken(name) : failure(folder, error);
    });
    if (!(await exists(join(folder, name)))) return file;
    await file.close();
    await promises.rm(partial, { force: true });
    throw new NameTaken(name);
  };

  return {
    where: folder,
    async check() {
      await inWords(folder, async () => {
        if (await isToCome()) return await promises.access(dirname(folder), constants.W_OK | constants.X_OK);
        await promises.readdir(folder);
        await promises.access(folder, constants.W_OK | constants.X_OK);
      });
    },
    async put(name, content, signal) {
      signal.throwIfAborted();
      if (makes) await inWords(folder, async () => await promises.mkdir(folder, { recursive: true, mode: 0o700 }));
      const file = await begin(name);
      const partial = join(folder, `${name}${PARTIAL}`);
      let [unsynced, syncing] = [0, Promise.resolve()];
      try {
        for await (const chunk of content) {
          signal.throwIfAborted();
          await inWords(folder, async () => await file.writeFile(chunk));
          unsynced += chunk.length;
          if (unsynced < SYNC_BYTES) continue;
          await inWords(folder, async () => await syncing);
          [unsynced, syncing] = [0, file.datasync()];
          syncing.catch(() => undefined);
        }
        signal.throwIfAborted();
        await inWords(folder, async () => {
          await syncing;
          await file.sync();
          await promises.rename(partial, join(folder, name));
        });
      } catch (error) {
        await promises.rm(partial, { force: true }).catch(() => undefined);
        throw error;
      } finally {
        await syncing.catch(() => undefined);
        await file.close();
      }
      await syncFolder(folder);
    },
    async *get(name, signal) {
      signal.throwIfAborted();
      try {
        yield* createReadStream(join(folder, name), { signal, highWaterMark: READ_BYTES });
      } catch (error) {
        signal.throwIfAborted();
        if (errorCode(error) !== "ENOENT") throw failure(folder, error);
        throw new HeadgateError("bad-backup", { what: `there is no ${name} in ${folder}`, cause: error });
      }
    },
    async list() {
      return await inWords(folder, async () => {
        if (await isToCome()) return [];
        const entries = await promises.readdir(folder, { withFileTypes: true });
        const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
        const found = await Promise.all(
          files.map(async (name): Promise<Stored[]> => {
            // It may go while we look.
            const facts = await promises.stat(join(folder, name)).catch(() => undefined);
            return facts === undefined ? [] : [{ name, bytes: facts.size, modified: facts.mtime }];
          }),
        );
        return found.flat();
      });
    },
    async remove(name) {
      await inWords(folder, async () => await promises.rm(join(folder, name), { force: true }));
    },
  };
}
