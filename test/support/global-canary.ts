import { keepOutputs } from "./canary.ts";

/** Around the suites of one run: what they make the agent put out is searched for secrets at the end. */
export const setup = (): (() => void) => keepOutputs();
