import ajv from "ajv";
import { valuesSchema } from "./schema/index.ts";

/**
 * True when raw values fit their schema; why not, the settings say then. The build compiles this function in advance:
 * Ajv takes longer than all the rest of a start.
 */
export const validate: (values: unknown) => boolean = new ajv.Ajv({ strict: false }).compile(valuesSchema);
