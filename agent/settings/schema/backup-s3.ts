/** Backups in a bucket of S3, or of what speaks its language. Keys never stand here: they come from the Secret's files. */
export const backupS3 = {
  type: "object",
  additionalProperties: false,
  description: "Keep backups in a bucket of S3, or of a store that speaks its language, instead of in a folder.",
  properties: {
    bucket: { type: "string", default: "", description: "The bucket. Empty: backups go to backup.volume." },
    prefix: {
      type: "string",
      pattern: "^([A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*)?$",
      default: "",
      description: "Folder inside the bucket, such as shop/production. Each database and cluster wants one of its own.",
    },
    region: {
      type: "string",
      default: "",
      description: "Region of the bucket. Empty: what AWS_REGION says; us-east-1 where there is an endpoint.",
    },
    endpoint: {
      type: "string",
      pattern: "^(https?://[^\\s/@?#]+/?)?$",
      default: "",
      description: "URL of a store of your own: https://minio.example.com:9000. Empty: AWS.",
    },
    forcePathStyle: {
      type: "boolean",
      default: false,
      description: "Write the bucket behind the host instead of before it. Most stores of one's own want true.",
    },
    sse: {
      type: "string",
      enum: ["", "AES256", "aws:kms"],
      default: "",
      description: "How the store encrypts what lies there. Empty: as the bucket says.",
    },
    kmsKeyId: { type: "string", default: "", description: "Key for sse aws:kms. Empty: the account's own." },
    partSizeMiB: {
      type: "integer",
      minimum: 5,
      maximum: 5120,
      default: 8,
      description:
        "Size of the parts of an upload. S3 takes 10,000 of them, so 8 allows backups of 78 GiB; about ten stand in memory at once.",
    },
    existingSecret: {
      type: "string",
      default: "",
      description:
        "Secret with an access key. Empty: the identity of the pod (IRSA, EKS Pod Identity); at the desk AWS_* and ~/.aws.",
    },
    keys: {
      type: "object",
      additionalProperties: false,
      description: "Which key of the Secret holds what.",
      properties: {
        accessKeyId: { type: "string", default: "AWS_ACCESS_KEY_ID", description: "Key of the access key's id." },
        secretAccessKey: { type: "string", default: "AWS_SECRET_ACCESS_KEY", description: "Key of the secret." },
        sessionToken: {
          type: "string",
          default: "AWS_SESSION_TOKEN",
          description: "Key of the session token; need not be there.",
        },
      },
      default: {},
    },
    caSecret: {
      type: "string",
      default: "",
      description:
        "Secret with the CA bundle that signed the endpoint's certificate. Empty: the system's CAs. At the desk: NODE_EXTRA_CA_CERTS.",
    },
    caKey: { type: "string", default: "ca.crt", description: "Key of the CA bundle in caSecret." },
  },
  default: {},
} as const;
