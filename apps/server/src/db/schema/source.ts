import { bigint, boolean, index, integer, jsonb, pgTable, text, unique, uuid, type AnyPgColumn } from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { users } from "./accounts.ts";
import { chats } from "./agent/chats.ts";
import { projects } from "./projects.ts";

/** The content is in the history of `storage_key` (a sandbox's id) as `snapshot/<id>`. */
export const snapshots = pgTable(
  "snapshots",
  {
    id: id(),
    /** Outlives its project by the retention period, so that an administrator can restore it. */
    project_id: uuid().references(() => projects.id, { onDelete: "set null" }),
    user_id: uuid().references(() => users.id, { onDelete: "set null" }),
    storage_key: text().notNull(),
    snapshot_name: text().notNull(),
    /** `scheduled`: taken to be copied to the object store; only the newest one is kept, and lists leave it out. */
    snapshot_type: text().$type<"hibernation" | "manual" | "safety" | "run" | "scheduled">().notNull(),
    status: text().$type<"pending" | "ready" | "error">().notNull().default("pending"),
    label: text(),
    /** Of type `run`: the checkpoint before the run. Its files are those of the checkpoint or later ones; it is taken for its databases. */
    checkpoint_id: uuid().references((): AnyPgColumn => checkpoints.id, { onDelete: "cascade" }),
    volume_size_bytes: bigint({ mode: "number" }),
    databases: jsonb().$type<string[]>().notNull().default([]),
    /** Null: taken by an older version. */
    content: jsonb().$type<SnapshotContent>(),
    /** Until when nothing had changed since, as was found when a copy was due. */
    unchanged_until: timestamptz(),
    error: text(),
    is_soft_deleted: boolean().notNull().default(false),
    soft_delete_expires_at: timestamptz(),
    created_at: createdAt(),
    ready_at: timestamptz(),
  },
  (t) => [
    index("snapshots_project_id_created_at_idx").on(t.project_id, t.created_at.desc()),
    index("snapshots_checkpoint_id_idx").on(t.checkpoint_id),
  ],
);
export type SnapshotRow = typeof snapshots.$inferSelect;

/** A dump of a database in a snapshot. */
export interface SavedDump {
  /** Of the attachment. */
  path: string;
  size: number;
  /** The same for the same definitions and rows. */
  digest: string;
  /** When the container, which was stopped afterwards, was last started; null: it kept running. */
  stopped_since: string | null;
}
/** What tells whether two snapshots are the same. */
export interface SnapshotContent {
  /** Of the files, as the history names it; null: an older runner did not say. */
  tree: string | null;
  dumps: SavedDump[];
}

/** Projects whose changes wait for a copy in the object store. Inserted when `SNAPSHOT_COPY_MINUTES` have passed, deleted with the copy. */
export const dueCopies = pgTable(
  "due_copies",
  {
    project_id: uuid()
      .primaryKey()
      .references(() => projects.id, { onDelete: "cascade" }),
    due_at: createdAt(),
    /** Of the last attempt, which failed. */
    error: text(),
    failures: integer().notNull().default(0),
    next_try_at: createdAt(),
  },
  (t) => [index("due_copies_due_at_idx").on(t.due_at)],
);

/**
 * Copies of snapshots in the object store: `snapshots/<storage_key>/<id>`, each a git bundle. One with a base is of no use without that one. Inserted after
 * the object and deleted before it.
 */
export const snapshotCopies = pgTable(
  "snapshot_copies",
  {
    /** Of the snapshot, which may be deleted while later copies are based on this one. */
    id: uuid().primaryKey(),
    storage_key: text().notNull(),
    /** Identifies the content in a history. */
    commit_sha: text().notNull(),
    bytes: bigint({ mode: "number" }).notNull(),
    base_id: uuid().references((): AnyPgColumn => snapshotCopies.id),
    /** How many copies it needs, and their bytes without those of the full one. */
    depth: integer().notNull(),
    chain_bytes: bigint({ mode: "number" }).notNull(),
    copied_at: createdAt(),
  },
  (t) => [index("snapshot_copies_storage_key_idx").on(t.storage_key), index("snapshot_copies_base_id_idx").on(t.base_id)],
);
export type SnapshotCopyRow = typeof snapshotCopies.$inferSelect;

/** Automatic checkpoints, in the history as `checkpoint/<id>`. */
export const checkpoints = pgTable(
  "checkpoints",
  {
    id: id(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    /** `turn_end`: after a turn; not listed, used by the run's change set. `replace`: before a person removed or replaced files. */
    kind: text().$type<"turn" | "turn_end" | "restore" | "replace">().notNull(),
    label: text().notNull(),
    /** Short name of the run that a `turn` precedes: the subject of its commit, until then the beginning of the message. */
    title: text(),
    chat_id: uuid().references(() => chats.id, { onDelete: "set null" }),
    /** The user's message; may be deleted. */
    message_id: uuid(),
    task_id: uuid(),
    /** Of a `restore`: the snapshot or checkpoint that has the state before it, while that exists. */
    before_id: uuid(),
    /** Of a `restore`: the commit of what it changed. */
    commit_sha: text(),
    created_at: createdAt(),
  },
  (t) => [
    index("checkpoints_project_id_created_at_idx").on(t.project_id, t.created_at.desc()),
    index("checkpoints_message_id_idx").on(t.message_id),
    index("checkpoints_created_at_idx").on(t.created_at),
  ],
);
export type CheckpointRow = typeof checkpoints.$inferSelect;

/** Rejected parts of a file. */
export interface Rejection {
  path: string;
  is_whole: boolean;
  /** Ids of hunks. */
  hunks: string[];
}

/** The checkpoints around a run, and what a person rejected of its changes. Deleted with the checkpoint before the run. */
export const changeSets = pgTable(
  "change_sets",
  {
    task_id: uuid().primaryKey(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    chat_id: uuid()
      .notNull()
      .references(() => chats.id, { onDelete: "cascade" }),
    /** The user's message; may be deleted. */
    message_id: uuid().notNull(),
    before_id: uuid()
      .notNull()
      .references(() => checkpoints.id, { onDelete: "cascade" }),
    /** Null: the run is active, or the checkpoint after it failed. */
    after_id: uuid().references(() => checkpoints.id, { onDelete: "set null" }),
    files: integer().notNull().default(0),
    additions: integer().notNull().default(0),
    deletions: integer().notNull().default(0),
    /** Files that a person wrote during the run; `is_shared`: the run wrote them too. */
    by_person: jsonb().$type<{ path: string; is_shared: boolean }[]>().notNull().default([]),
    rejected: jsonb().$type<Rejection[]>().notNull().default([]),
    /** The commit of what the run changed. */
    commit_sha: text(),
    /** What is to be committed: the files as they were when the run ended. `parent`: null in a repository without commits. */
    pending_commit: jsonb().$type<{ tree: string; parent: string | null }>(),
    created_at: createdAt(),
  },
  (t) => [
    index("change_sets_message_id_idx").on(t.message_id),
    index("change_sets_before_id_idx").on(t.before_id),
    index("change_sets_after_id_idx").on(t.after_id),
    index("change_sets_project_id_idx").on(t.project_id),
    index("change_sets_chat_id_idx").on(t.chat_id),
    index("change_sets_user_id_idx").on(t.user_id),
  ],
);
export type ChangeSetRow = typeof changeSets.$inferSelect;

/** What is known about a branch beside its project, whose id it has. */
export const branches = pgTable(
  "branches",
  {
    id: uuid()
      .primaryKey()
      .references(() => projects.id, { onDelete: "cascade" }),
    /** The chat that works in it. A chat has one branch at a time: others of its branches are being deleted. */
    chat_id: uuid().references(() => chats.id, { onDelete: "set null" }),
    /** Size of its changes after the last run. */
    files: integer().notNull().default(0),
    additions: integer().notNull().default(0),
    deletions: integer().notNull().default(0),
    /** When a run last worked in it. */
    used_at: updatedAt(),
    /** When it was announced that it will be deleted. */
    noticed_at: timestamptz(),
    created_at: createdAt(),
  },
  (t) => [index("branches_chat_id_idx").on(t.chat_id)],
);
export type BranchRow = typeof branches.$inferSelect;

/** Users' accounts at git hosts. Tokens are stored here only. */
export const gitProviderCredentials = pgTable(
  "git_provider_credentials",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    provider: text().$type<"github" | "gitlab" | "bitbucket" | "gitea" | "git">().notNull(),
    /** Without a trailing slash. */
    base_url: text().notNull(),
    /** Host name and non-default port: the only host that receives the token. */
    host: text().notNull(),
    kind: text().$type<"oauth" | "token">().notNull(),
    encrypted_access: bytea("sealed_access").notNull(),
    encrypted_refresh: bytea("sealed_refresh"),
    expires_at: timestamptz(),
    scope: text(),
    /** Given by the token's owner. */
    username: text(),
    provider_username: text(),
    provider_email: text(),
    provider_user_id: text(),
    /** When the host rejected it and renewal failed. */
    refused_at: timestamptz(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [unique("git_provider_credentials_host_key").on(t.user_id, t.provider, t.host)],
);
export type GitAccountRow = typeof gitProviderCredentials.$inferSelect;

/** The remote repository a project is linked to. Its URL never contains a credential. */
export const gitRepositories = pgTable("git_repositories", {
  id: id(),
  project_id: uuid()
    .notNull()
    .unique()
    .references(() => projects.id, { onDelete: "cascade" }),
  repo_url: text().notNull(),
  repo_owner: text(),
  repo_name: text(),
  default_branch: text().notNull().default("main"),
  auto_push: boolean().notNull().default(false),
  sync_status: text().$type<"synced" | "ahead" | "behind" | "diverged" | "conflict" | "error">(),
  last_sync_at: timestamptz(),
  last_commit_sha: text(),
  created_at: createdAt(),
  updated_at: updatedAt(),
});
export type GitRepositoryRow = typeof gitRepositories.$inferSelect;
