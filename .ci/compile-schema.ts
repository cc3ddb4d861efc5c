import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import type { Plugin } from "esbuild";
import { valuesSchema } from "../agent/settings/schema/index.ts";

/** Puts the compiled validator in the place of the module that would compile it at every start. */
export const compileSchema: Plugin = {
  name: "compile-schema",
  setup(build) {
    build.onLoad({ filter: /\/agent\/settings\/fits\.ts$/ }, ({ path }) => {
      const ajv = new Ajv({ strict: false, code: { source: true, esm: true } });
      const contents = standalone.default(ajv, ajv.compile(valuesSchema));
      return { contents, loader: "js", resolveDir: path.replace(/\/[^/]+$/, "") };
    });
  },
};
