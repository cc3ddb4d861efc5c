import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import type { Plugin } from "rolldown";
import { valuesSchema } from "../agent/settings/schema/index.ts";

/** Puts the compiled validator in the place of the module that would compile it at every start. */
export const compileSchema: Plugin = {
  name: "compile-schema",
  load: {
    filter: { id: /\/agent\/settings\/fits\.ts$/ },
    handler() {
      const ajv = new Ajv({ strict: false, code: { source: true, esm: true } });
      return { code: standalone.default(ajv, ajv.compile(valuesSchema)), moduleType: "js" };
    },
  },
};
