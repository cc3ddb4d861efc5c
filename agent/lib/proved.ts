/** What makes a backup count, in words. */
export const proved = { read: "read back whole", restore: "restored and compared" } as const;
