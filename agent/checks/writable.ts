import type { Check } from "./check.ts";

export const writable: Check = {
  name: "writable",
  run: ({ session: { facts } }) => {
    if (facts.inRecovery) {
      return { what: "the server is in recovery: it is a replica", fix: "connect to the primary" };
    }
    if (!facts.readOnly) return undefined;
    return {
      what: "the session is read-only: default_transaction_read_only is on",
      fix: "connect to the primary, or RESET default_transaction_read_only for this role and database",
    };
  },
};
