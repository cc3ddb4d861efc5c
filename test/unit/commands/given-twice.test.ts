import { expect, it } from "vitest";
import { headgate } from "../../support/headgate.ts";

it.each([
  [["revert", "--to", "001_orders", "--to", "002_total"], "to"],
  [["migrate", "-f", "values.yaml", "--values", "other.yaml"], "values"],
  [["report", "--format", "json", "--format", "html"], "format"],
])("of %j nobody knows which was meant", async (args, option) => {
  const { code, stderr } = await headgate(args);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining(`--${option} is given more than once`),
  });
});
