import type { BackupContext } from "./context.ts";
import type { Store } from "./store.ts";

/** The store that the settings name. Each kind is loaded only where it is used. */
export async function openStore({ settings }: Pick<BackupContext, "settings" | "env">): Promise<Store> {
  const { volumeStore } = await import("./volume-store.ts");
  return volumeStore(settings.backup.volume.path);
}
