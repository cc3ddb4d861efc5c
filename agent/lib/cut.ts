/** A text of at most so many characters. */
export const cutText = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;

/** The beginning of a text, and how much of it is missing. */
export const cutSaying = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} characters left out)`;

/** A text of at most so many bytes. */
export function cutBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  // A character that was cut in two comes out as U+FFFD.
  return `${bytes
    .subarray(0, most - 3)
    .toString()
    .replace(/\uFFFD$/, "")}…`;
}
