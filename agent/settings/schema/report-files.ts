export const files = {
  type: "array",
  items: { type: "string", examples: ["/reports/headgate.html"], pattern: "\\.(html|md|xml|json|txt|prom)$" },
  default: [],
  description:
    "Write the report of each run into these files, too; the ending says how: .html a page, .md markdown, .xml JUnit, .json, .txt, .prom for Prometheus. In a pod they need a volume that outlives it.",
  examples: [["/reports/headgate.html"]],
} as const;
