/** A word as a POSIX shell reads it back: quoted only where it has to be. */
export const shellWord = (word: string): string =>
  /^[\w./@%+,:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
