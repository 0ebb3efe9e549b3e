import { Type } from "typebox";
import type { SecretValue } from "../platform/secret.ts";
import { baseUrl, day, flag, group, integer, list, mebibyte, minute, number, oneOf, second, secret, text, type About } from "./kinds.ts";

export const storage = group("Storage, database and keys", {
  dataDir: text("DATA_DIR", {
    default: "./data",
    example: "/var/lib/tesslate",
    description: "Folder of all persistent data: database, projects, keys, caches",
  }),
  databaseUrl: Type.Refine(
    secret("DATABASE_URL", {
      example: "postgres://user:password@db:5432/tesslate",
      description:
        "PostgreSQL 15 or newer, used by this server only, or by several with SERVER_ADDRESS. Default: an embedded PostgreSQL in DATA_DIR",
    }),
    (value: string) => /^postgres(ql)?:\/\//.test(value),
    () => "a postgres:// URL",
  ),
});

const longKey = (env: string, about: About) =>
  Type.Refine(
    secret(env, about),
    (value: string) => Buffer.byteLength(value) >= 32,
    () => "at least 32 bytes long",
  );

/** Part of `config.auth`. */
export const keys = group("Storage, database and keys", {
  secretKey: longKey("SECRET_KEY", {
    example: "at-least-32-random-characters-here-please",
    description: "Signs sessions and encrypts secrets. Default: generated in DATA_DIR on first start",
  }),
  encryptionKey: longKey("DEPLOYMENT_ENCRYPTION_KEY", {
    example: "a-third-random-value-of-32-characters",
    description: "Encrypts stored secrets and credentials. Default: derived from SECRET_KEY. Run ./studio rotate-keys after changing it",
  }),
  formerEncryptionKeys: list("DEPLOYMENT_ENCRYPTION_KEYS_FORMER", Type.Unsafe<SecretValue>(Type.String()), {
    isSecret: true,
    example: "the-value-before-that-of-32-characters",
    description:
      "Previous values of DEPLOYMENT_ENCRYPTION_KEY (or of SECRET_KEY), comma-separated; needed until ./studio rotate-keys has run",
  }),
});

export const snapshotSettings = group("Storage, database and keys", {
  maxManual: integer("MAX_SNAPSHOTS_PER_PROJECT", {
    minimum: 1,
    default: "20",
    description: "Maximum number of manual snapshots per project",
  }),
  maxAutomatic: integer("MAX_AUTOMATIC_SNAPSHOTS_PER_PROJECT", {
    minimum: 1,
    default: "5",
    description: "Maximum number of automatic snapshots (before a restore or a clone) per project; the oldest is replaced",
  }),
  maxOfRuns: integer("MAX_RUN_SNAPSHOTS_PER_PROJECT", {
    minimum: 1,
    default: "5",
    description: "Maximum number of snapshots with the databases from before a run, per project with that setting; the oldest is replaced",
  }),
  maxRunDatabaseBytes: integer("RUN_DATABASES_MAX_MB", {
    minimum: 1,
    unit: "MiB",
    factor: mebibyte,
    default: "256",
    description: "Size of a project's running databases in MiB, above which they are not saved before a run",
  }),
  runDatabasesTimeoutMs: integer("RUN_DATABASES_TIMEOUT_SECONDS", {
    minimum: 1,
    unit: "seconds",
    factor: second,
    default: "30",
    description: "How long a run waits until its project's databases are saved, in seconds",
  }),
  retentionMs: integer("SNAPSHOT_RETENTION_DAYS", {
    minimum: 1,
    unit: "days",
    factor: day,
    default: "30",
    description: "Days that checkpoints, and the snapshots of deleted projects, are kept",
  }),
  copies: oneOf("SNAPSHOT_COPIES", ["auto", "on", "off"], {
    default: "auto",
    example: "off",
    description:
      "Whether snapshots are also copied to the file storage, from which files are restored when the disk of the projects is lost. auto: with OBJECTS_S3_BUCKET",
  }),
  copyEveryMs: number("SNAPSHOT_COPY_MINUTES", {
    minimum: 0,
    unit: "minutes",
    factor: minute,
    default: "60",
    description:
      "Where snapshots are copied: minutes after which the changes of a project, files and databases, are saved and copied too, without a snapshot of a person. 0: only snapshots that people and runs take",
  }),
  readyTimeoutMs: integer("SNAPSHOT_READY_TIMEOUT_SECONDS", {
    minimum: 1,
    unit: "seconds",
    factor: second,
    default: "90",
    description: "Timeout of taking a snapshot, in seconds",
  }),
});

/** A standard cron expression: five fields. */
const isCron = (value: string) => {
  const fields = value.split(/\s+/);
  const ranges = [
    [0, 59],
    [0, 23],
    [1, 31],
    [1, 12],
    [0, 6],
  ];
  const isField = (field: string, [low = 0, high = 0]: number[] = []) =>
    field.split(",").every((part) => {
      const [, from, to] = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/[1-9]\d*)?$/.exec(part) ?? [undefined, "-1", undefined];
      return [from, to].every((number) => number === undefined || (Number(number) >= low && Number(number) <= high));
    });
  return fields.length === ranges.length && fields.every((field, i) => isField(field, ranges[i]));
};

export const backups = group("Backups", {
  target: Type.Refine(
    Type.Optional(
      text("BACKUP_TARGET", {
        example: "/mnt/backup/studio",
        description:
          "Where scheduled backups are stored: an absolute folder outside of DATA_DIR, or s3://bucket/prefix. Unset: none are made",
      }),
    ),
    (value: string) => value.startsWith("/") || /^s3:\/\/[a-z0-9][a-z0-9.-]+(?:\/[\w./-]*)?$/.test(value),
    () => "an absolute path or s3://bucket/prefix",
  ),
  schedule: Type.Refine(
    text("BACKUP_SCHEDULE", {
      default: "30 2 * * *",
      example: "0 */6 * * *",
      description: "When scheduled backups are made: a cron expression in UTC (minute, hour, day of month, month, day of week)",
    }),
    isCron,
    () => "a cron expression of five fields",
  ),
  keepDaily: integer("BACKUP_KEEP_DAILY", {
    minimum: 1,
    default: "7",
    description: "How many days keep their newest backup after a scheduled backup",
  }),
  keepWeekly: integer("BACKUP_KEEP_WEEKLY", { default: "4", description: "How many weeks keep their newest backup, beside the days" }),
  passphraseFile: Type.Optional(
    text("BACKUP_PASSPHRASE_FILE", {
      example: "/etc/tesslate/backup-passphrase",
      description: "File with the passphrase that encrypts the keys of the server in backups. Unset: backups do not contain the keys",
    }),
  ),
  s3: Type.Object({
    endpoint: Type.Optional(
      baseUrl("S3_ENDPOINT", {
        example: "https://s3.example.com",
        description: "URL of the S3-compatible storage for s3:// targets. Unset: Amazon S3 of S3_REGION",
      }),
    ),
    region: text("S3_REGION", { default: "us-east-1", example: "eu-central-1", description: "Region of the bucket" }),
    accessKeyId: text("S3_ACCESS_KEY_ID", { example: "AKIA…", description: "Access key of the S3 storage" }),
    secretAccessKey: secret("S3_SECRET_ACCESS_KEY", { example: "…", description: "Secret of the access key" }),
    isPathStyle: flag("S3_PATH_STYLE", {
      default: "true",
      example: "false",
      description: "Put the bucket into the path of URLs instead of the host name. Only with S3_ENDPOINT",
    }),
  }),
});

const s3Prefix = /^(?:[\w.-]+(?:\/[\w.-]+)*)?$/;

export const objects = group("Object storage", {
  s3: Type.Object({
    bucket: text("OBJECTS_S3_BUCKET", {
      example: "studio",
      description:
        "Bucket for the files of the server: deployed versions, archives of templates and imports, account exports. Unset: they are in DATA_DIR. Run ./studio objects copy before changing it",
    }),
    prefix: Type.Refine(
      text("OBJECTS_S3_PREFIX", { example: "production", description: "Folder of the bucket. Unset: its root" }),
      (value: string) => s3Prefix.test(value),
      () => "names separated by /, without one at the beginning and the end",
    ),
    endpoint: Type.Optional(
      baseUrl("OBJECTS_S3_ENDPOINT", {
        example: "https://s3.example.com",
        description: "URL of the S3-compatible storage. Unset: Amazon S3 of OBJECTS_S3_REGION",
      }),
    ),
    region: text("OBJECTS_S3_REGION", { default: "us-east-1", example: "eu-central-1", description: "Region of the bucket" }),
    accessKeyId: text("OBJECTS_S3_ACCESS_KEY_ID", { example: "AKIA…", description: "Access key of the S3 storage" }),
    secretAccessKey: secret("OBJECTS_S3_SECRET_ACCESS_KEY", { example: "…", description: "Secret of the access key" }),
    isPathStyle: flag("OBJECTS_S3_PATH_STYLE", {
      default: "true",
      example: "false",
      description: "Put the bucket into the path of URLs instead of the host name. Only with OBJECTS_S3_ENDPOINT",
    }),
  }),
});
