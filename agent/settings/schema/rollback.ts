import { DURATION } from "./patterns.ts";

/** What happens to the schema when the release goes back. */
export const rollback = {
  type: "object",
  additionalProperties: false,
  description: "Taking the schema back with the release. A rollback brings the values of the revision it returns to.",
  properties: {
    enabled: { type: "boolean", default: true, description: "Render the pre-rollback Job." },
    onAhead: {
      type: "string",
      enum: ["auto", "tolerate", "revert", "fail"],
      default: "auto",
      description:
        "A database that is ahead of the image. auto: revert, newest first, until what is left ahead only adds, which older code works with. tolerate: leave it. revert: revert all of it. fail: refuse. At the desk: fail.",
    },
    onRefusal: {
      type: "string",
      enum: ["fail", "proceed"],
      default: "fail",
      description:
        "When the schema must not go back. fail: stop the rollback and print the way out. proceed: let the release go back over the newer schema.",
    },
    delay: {
      type: "string",
      pattern: DURATION,
      default: "10s",
      description: "Countdown before the first revert: time to stop it. At the desk: 0s.",
    },
    signing: {
      type: "object",
      additionalProperties: false,
      description: "Sign the down SQL that is stored in the database; what does not fit its signature is not run.",
      properties: {
        existingSecret: {
          type: "string",
          default: "",
          description: "Secret that holds the HMAC key. Empty: nothing is signed.",
        },
        key: { type: "string", default: "key", description: "Key of the HMAC key in existingSecret." },
      },
      default: {},
    },
  },
  default: {},
} as const;
