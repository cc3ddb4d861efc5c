import type { Check } from "./check.ts";
import { encoding } from "./encoding.ts";
import { expectedDatabase } from "./expected-database.ts";
import { pooler } from "./pooler.ts";
import { privileges } from "./privileges.ts";
import { serverVersion } from "./server-version.ts";
import { writable } from "./writable.ts";

/** Every preflight check. A check that is not here does not run; a test compares this list with the folder. */
export const checks: readonly Check[] = [serverVersion, writable, encoding, expectedDatabase, pooler, privileges];
