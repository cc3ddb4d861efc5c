/** More names than these would push the rest out of a message. */
export const MOST_NAMES = 8;

/** The names, or how many and the last. */
export const namesText = (names: readonly string[], noun = ""): string =>
  names.length <= MOST_NAMES
    ? names.join(", ")
    : `${names.length}${noun === "" ? "" : ` ${noun}`}, the last ${names.at(-1)}`;
