import type { Check } from "./check.ts";

export const expectedDatabase: Check = {
  name: "expected-database",
  run: ({ session: { facts }, settings }) => {
    const wanted = settings.database.expect.name;
    if (wanted === "" || wanted === facts.database) return undefined;
    return {
      what: `this is the database "${facts.database}", and database.expect.name says "${wanted}"`,
      fix: "correct the connection in the Secret, or database.expect.name",
    };
  },
};
