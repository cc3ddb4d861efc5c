import type { RunState } from "./state.ts";

/** A part of the state that an earlier stage has to have left; its absence is a bug in the order of stages. */
export function need<Key extends keyof RunState>(state: RunState, key: Key): NonNullable<RunState[Key]> {
  const value = state[key];
  if (value === undefined || value === null) throw new TypeError(`no stage before this one left "${key}"`);
  return value;
}
