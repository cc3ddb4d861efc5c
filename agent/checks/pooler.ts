import { describeConnection } from "../postgres/connection.ts";
import { directAddress, type Pooler } from "../postgres/pooler.ts";
import type { Check } from "./check.ts";

const WORDS: Readonly<Record<Exclude<Pooler["mode"], "session">, string>> = {
  shared: "a pooler that shares server connections between clients (transaction or statement pooling)",
  unknown: "a pooler, and it could not be told whether a client keeps its server connection (session pooling)",
};

/** The run lock belongs to a server connection: shared ones exclude nobody, and keep the lock when the run is over. */
export const pooler: Check = {
  name: "pooler",
  run({ session: { facts, connection }, settings: { database } }) {
    if (facts.pooler === undefined || facts.pooler.mode === "session") return undefined;
    const { url, host, port } = database.keys;
    return {
      what: `${describeConnection(connection)} leads through ${WORDS[facts.pooler.mode]}: ${facts.pooler.found}. There the lock that keeps two runs apart does not hold`,
      fix: `${directAddress(connection)}; in the Secret that is the key ${url}, or ${host} and ${port} (database.keys); at the desk DATABASE_URL or PGHOST and PGPORT`,
    };
  },
};
