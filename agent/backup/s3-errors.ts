import type { ErrorId } from "../errors/catalogue.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { isRecord } from "../lib/records.ts";
import { keysOf, type S3Settings, serverOf } from "./s3-client.ts";

interface Words {
  readonly id?: ErrorId;
  readonly what: string;
  readonly fix: string;
}

interface Failed {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly status: number;
  readonly tries: number;
  /** What the server says of the region, where it does. */
  readonly region: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Of several addresses that were tried, the last one's reason; a network error of the library hides the real one. */
function innermost(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors.at(-1));
  if (isRecord(error) && !text(error.code) && isRecord(error.cause) && text(error.cause.code)) return error.cause;
  return error;
}

function factsOf(error: unknown): Failed {
  const real = innermost(error);
  const facts = isRecord(real) ? real : {};
  const metadata = isRecord(facts.$metadata) ? facts.$metadata : {};
  const response = isRecord(facts.$response) && isRecord(facts.$response.headers) ? facts.$response.headers : {};
  return {
    name: text(facts.name),
    message: real instanceof Error ? real.message : String(real),
    code: text(facts.code),
    status: Number(metadata.httpStatusCode ?? 0),
    tries: Number(metadata.attempts ?? 1),
    region: text(facts.Region) || text(response["x-amz-bucket-region"]),
  };
}

type Translate = (settings: S3Settings, failed: Failed) => Words;

const setting =
  (what: Translate): Translate =>
  (settings, failed) => ({ id: "bad-settings", ...what(settings, failed) });

const otherRegion = setting((settings, { region }) => ({
  what: `the bucket ${settings.bucket} is ${region === "" ? "in another region" : `in the region ${region}`}, and backup.s3.region is ${settings.region === "" ? "empty" : settings.region}`,
  fix: region === "" ? "set backup.s3.region to the bucket's own" : `set backup.s3.region: ${region}`,
}));

const wrongKey = setting((settings) => ({
  what: `${serverOf(settings)} does not know the access key from ${keysOf(settings)}`,
  fix: "correct the key; it may have been deleted, or belong to another store",
}));

const wrongSecret = setting((settings) => ({
  what: `${serverOf(settings)} refuses the signature: the secret from ${keysOf(settings)} does not fit its access key`,
  fix: "correct the secret; no blank or line end belongs to it",
}));

const forbidden = setting((settings, { message }) => ({
  what: `${serverOf(settings)} does not allow this in the bucket ${settings.bucket}: ${message}`,
  fix: "give the identity s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on what lies in it; docs/backup-s3.md has the policy",
}));

const expired = setting((settings) => ({
  what: `the session token from ${keysOf(settings)} has expired or is not valid`,
  fix: "get a new one, or let the pod have an identity of its own",
}));

const noIdentity = setting((_, { message }) => ({
  what: `nothing says who asks for the bucket: ${message}`,
  fix: "name a Secret in backup.s3.existingSecret, or annotate the service account for IRSA; at the desk set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
}));

const noRegion = setting(() => ({
  what: "nothing says in which region the bucket is",
  fix: "set backup.s3.region, or AWS_REGION",
}));

const notTrusted = setting((settings, { message }) => ({
  what: `the certificate of ${serverOf(settings)} is not trusted: ${message.split(";")[0]}`,
  fix: "name the CA bundle in backup.s3.caSecret; at the desk set NODE_EXTRA_CA_CERTS to its file",
}));

const full: Translate = (settings, { message }) => ({
  what: `${serverOf(settings)} has no room left: ${message}`,
  fix: "make room there, raise the quota, or keep fewer backups with backup.retention",
});

const refused: Translate = (settings) => ({
  what: `nothing answers at ${serverOf(settings)}`,
  fix: "check backup.s3.endpoint, that the store is up, and that a network policy lets the pod reach it",
});

const unknownHost: Translate = (settings, { message }) => ({
  what: `the name of ${serverOf(settings)} does not resolve: ${message}`,
  fix: settings.forcePathStyle
    ? "check backup.s3.endpoint and the DNS"
    : "check backup.s3.endpoint, backup.s3.region and the DNS; a store of your own wants backup.s3.forcePathStyle: true",
});

const brokeOff: Translate = (settings, { message }) => ({
  what: `the connection to ${serverOf(settings)} broke off: ${message}`,
  fix: "look at the store and the network, and run again",
});

const tooSlow: Translate = (settings) => ({
  what: `${serverOf(settings)} did not answer in time`,
  fix: "look at the store and the network, and run again",
});

const BY_NAME: Readonly<Record<string, Translate>> = {
  NoSuchBucket: setting((settings) => ({
    what: `${serverOf(settings)} has no bucket ${settings.bucket}`,
    fix: "create the bucket, or correct backup.s3.bucket",
  })),
  InvalidBucketName: setting((settings) => ({
    what: `${settings.bucket} is no name of a bucket`,
    fix: "correct backup.s3.bucket: the name alone, without s3:// and folders",
  })),
  PermanentRedirect: otherRegion,
  AuthorizationHeaderMalformed: otherRegion,
  IllegalLocationConstraintException: otherRegion,
  InvalidAccessKeyId: wrongKey,
  XAdminUserNotFound: wrongKey,
  SignatureDoesNotMatch: wrongSecret,
  AccessDenied: forbidden,
  AllAccessDisabled: forbidden,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  InvalidToken: expired,
  CredentialsProviderError: noIdentity,
  RequestTimeTooSkewed: (settings) => ({
    what: `the clock here is too far from that of ${serverOf(settings)}: it says ${new Date().toISOString()}`,
    fix: "set the clock of this machine, in a cluster that of the node, or that of the store",
  }),
  QuotaExceeded: full,
  QuotaExceededException: full,
  InsufficientStorage: full,
  XMinioStorageFull: full,
  TimeoutError: tooSlow,
  PreconditionFailed: () => ({
    what: "somebody has replaced the backup while it was read",
    fix: "read it again, and let nobody write below backup.s3.prefix",
  }),
};

const BY_CODE: Readonly<Record<string, Translate>> = {
  ECONNREFUSED: refused,
  EHOSTUNREACH: refused,
  ENETUNREACH: refused,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  ECONNRESET: brokeOff,
  EPIPE: brokeOff,
  ERR_STREAM_PREMATURE_CLOSE: brokeOff,
  ETIMEDOUT: tooSlow,
  EPROTO: setting((settings, { message }) => ({
    what: `${serverOf(settings)} speaks no TLS that this client knows: ${message}`,
    fix: "write http:// in backup.s3.endpoint if the store has no TLS",
  })),
  CERT_HAS_EXPIRED: notTrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: notTrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: notTrusted,
  SELF_SIGNED_CERT_IN_CHAIN: notTrusted,
  UNABLE_TO_GET_ISSUER_CERT: notTrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: notTrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: notTrusted,
};

const BY_STATUS: Readonly<Record<number, Translate>> = { 301: otherRegion, 403: forbidden, 507: full };

const whatever: Translate = (settings, { name, message, status, tries }) => ({
  what: `${serverOf(settings)} says ${status === 0 ? "" : `${status} `}${name}: ${message}${tries > 1 ? ` (tried ${tries} times)` : ""}`,
  fix: status >= 500 ? "look at the store, and run again" : "mend what it says and run again",
});

function translatorOf({ name, code, status, message }: Failed): Translate {
  if (/region is missing/i.test(message)) return noRegion;
  if (name.startsWith("KMS")) return forbidden;
  // What is below HTTP has a code of the system; the library calls each of them a TimeoutError.
  return BY_CODE[code] ?? BY_NAME[name] ?? BY_STATUS[status] ?? whatever;
}

/** What the library or the network says, as an error that users may see. */
export function s3Failure(settings: S3Settings, error: unknown): Error {
  if (error instanceof HeadgateError) return error;
  const failed = factsOf(error);
  const { id = "backup-failed", ...words } = translatorOf(failed)(settings, failed);
  return new HeadgateError(id, { ...words, cause: error });
}
