import { DURATION, POSITIVE_DURATION } from "./patterns.ts";

export const migrations = {
  type: "object",
  additionalProperties: false,
  description: "Where the migration files come from.",
  properties: {
    dir: {
      type: "string",
      default: "/migrations",
      description: "Folder of the migration files inside the image. At the desk: migrations.",
    },
    inline: {
      type: "object",
      additionalProperties: { type: "string" },
      default: {},
      description: "A small set of migrations, file name to SQL, instead of an image that holds them.",
    },
  },
  default: {},
} as const;

export const wait = {
  type: "object",
  additionalProperties: false,
  description: "Waiting for a database that is not there yet.",
  properties: {
    timeout: {
      type: "string",
      pattern: DURATION,
      default: "45s",
      description: "How long to wait for DNS, TCP, TLS, login and a writable server. At the desk: 5s.",
    },
  },
  default: {},
} as const;

export const plan = {
  type: "object",
  additionalProperties: false,
  description: "What may be applied.",
  properties: {
    expected: {
      type: "string",
      pattern: "^([0-9a-f]{64})?$",
      default: "",
      description: "Apply only the plan with this hash (headgate plan prints it). Empty: any.",
    },
    outOfOrder: {
      type: "string",
      enum: ["refuse", "allow"],
      default: "refuse",
      description: "What to do with a pending migration that sorts before one already applied.",
    },
    refuse: {
      type: "string",
      enum: ["high", "medium", "never"],
      default: "high",
      description:
        "The lowest risk that stops a run before anything changes, unless it is accepted. What cannot work at all is refused in any case.",
    },
    allow: {
      type: "array",
      items: { type: "string", pattern: "^HG\\d{3}$" },
      default: [],
      description:
        'Rules whose findings are accepted for this release: HG211. For one file: -- headgate: allow HG211 reason="...".',
    },
  },
  default: {},
} as const;

export const migrate = {
  type: "object",
  additionalProperties: false,
  description: "How migrations are applied.",
  properties: {
    lockTimeout: {
      type: "object",
      additionalProperties: false,
      description: "PostgreSQL's lock_timeout for each try: a migration that waits longer gives way and tries again.",
      properties: {
        first: { type: "string", pattern: POSITIVE_DURATION, default: "100ms", description: "The first try's." },
        largest: {
          type: "string",
          pattern: POSITIVE_DURATION,
          default: "5s",
          description: "No try waits longer than this.",
        },
      },
      default: {},
    },
    lockBudget: {
      type: "string",
      pattern: DURATION,
      default: "60s",
      description: "Time for all tries to get table locks, and for another run to end, before exit code 4.",
    },
    orphans: {
      type: "string",
      enum: ["wait", "terminate"],
      default: "wait",
      description: "A session that an earlier pod of the same Job left on the server: wait for its end, or end it.",
    },
  },
  default: {},
} as const;
