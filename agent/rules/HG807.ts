import type { TextRule } from "./rule.ts";

/** SQL that PostgreSQL's parser of the version built in here refuses. */
export const HG807: TextRule = {
  id: "HG807",
  risk: "high",
  acknowledgeable: true,
  checkText: ({ text }) => ({
    danger: `PostgreSQL 18's parser refuses it: ${text}`,
    instead: "correct it; where your server takes it all the same, accept it: nothing in the file is judged then",
  }),
};
