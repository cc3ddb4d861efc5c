/** What other hands do to the schema between two runs. */
export const drift = {
  type: "object",
  additionalProperties: false,
  description:
    "Changes of the schema that no run has made. Each run records what it leaves; headgate verify and the next run compare.",
  properties: {
    record: {
      type: "boolean",
      default: true,
      description:
        "Record the schema, object by object, after each run that changes it. Without it nothing is compared.",
    },
    onMigrate: {
      type: "string",
      enum: ["warn", "refuse", "ignore"],
      default: "warn",
      description:
        "What a run does that is about to change a schema which is not what the last run left. warn: say so and go on. refuse: change nothing, exit code 3.",
    },
    ignore: {
      type: "array",
      items: { type: "string", minLength: 1 },
      default: [],
      description:
        'What may differ: a schema or an object with all that belongs to it (audit, shop.orders_*), or a whole line as headgate verify prints it ("index shop.tmp_*", "grants on *"). * stands for anything. What a platform keeps in the database is ignored in any case: headgate verify --list-ignored.',
    },
    partitions: {
      type: "string",
      enum: ["ignore", "compare"],
      default: "ignore",
      description:
        "ignore: partitions may come and go, and only their bounds are looked at. compare: they are tables like any other.",
    },
    schedule: {
      type: "string",
      pattern: "^(@[a-z]+|[^\\s]+(\\s+[^\\s]+){4})?$",
      examples: ["0 6 * * *"],
      default: "",
      description:
        'When a CronJob runs headgate verify, whose Job fails when the schema or the history differs: "0 6 * * *". Empty: there is none.',
    },
  },
  default: {},
} as const;
