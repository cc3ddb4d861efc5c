import type { Check } from "./check.ts";

export const encoding: Check = {
  name: "encoding",
  run: ({ session: { facts } }) =>
    facts.encoding === "UTF8"
      ? undefined
      : {
          what: `the database's encoding is ${facts.encoding}; migration files are UTF-8, and what is stored of them would be changed`,
          fix: "create the database with ENCODING 'UTF8'",
        },
};
