import { DESK_BACKUPS } from "../settings/settings.ts";
import type { BackupContext } from "./context.ts";
import type { Store } from "./store.ts";

/** The store that the settings name. Each kind is loaded only where it is used. */
export async function openStore({ settings, s3 }: Pick<BackupContext, "settings" | "s3">): Promise<Store> {
  if (settings.backup.s3.bucket !== "") {
    const { s3Store } = await import("./s3-store.ts");
    return s3Store({ settings: settings.backup.s3, ...s3 });
  }
  const { volumeStore } = await import("./volume-store.ts");
  const { path } = settings.backup.volume;
  return volumeStore(path, path === DESK_BACKUPS);
}
