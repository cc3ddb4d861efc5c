import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTemplate, TEMPLATE_DEFAULT, templateFields, templateProblems } from "../../../agent/settings/template.ts";

describe("a template", () => {
  it("is text and fields, with or without room around their names", () => {
    expect(parseTemplate("a {{who}}{{ exitCode }} b")).toEqual({
      parts: [{ text: "a " }, { field: "who" }, { field: "exitCode" }, { text: " b" }],
      problems: [],
    });
    expect(parseTemplate(TEMPLATE_DEFAULT).problems).toEqual([]);
  });

  it.each([
    ["{{releas.name}}", "{{releas.name}} at character 1 is no field; did you mean release.name?"],
    ["to {{constructor}}", "{{constructor}} at character 4 is no field; known are who, command,"],
    ["{{}}", "{{}} at character 1 is no field"],
    ["a {{who} b", "{{ at character 3 is never closed by }}"],
    ["{{#if failed}}x{{/if}}", "{{#if failed}} at character 1 is no field"],
  ])("with an error says where: %s", (template, problem) => {
    expect(parseTemplate(template).problems[0]).toContain(problem);
  });

  it("is found wherever it stands", () => {
    expect(templateProblems({ a: [1, { b: "{{x}}" }], c: null }, "report.webhook.body")).toEqual([
      expect.stringMatching(/^report\.webhook\.body\.a\[1\]\.b: \{\{x\}\} at character 1 is no field/),
    ]);
  });

  it("is read to its end, whatever it holds, and loses nothing", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom("{{", "}}", ...Object.keys(templateFields).map((name) => `{{${name}}}`)),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const template = pieces.join("");
        const { parts, problems } = parseTemplate(template);
        if (problems.length > 0) return;
        expect(parts.map((part) => ("text" in part ? part.text : `{{${part.field}}}`)).join("")).toBe(template);
      }),
    );
  });
});
