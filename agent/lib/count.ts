/** `1 migration`, `2 migrations`: a number and its noun. */
export const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? "" : "s"}`;
