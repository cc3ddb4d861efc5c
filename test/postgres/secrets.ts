import { expect } from "vitest";
import { leakIn } from "../support/canary.ts";

/** Fails when `text` holds a secret of the tests in any form. */
export const expectNoSecret = (text: string): void => expect(leakIn(text)).toBeUndefined();
