import type { AssetFileType, CardPriority, CardType, RunStage } from "@tesslate/contract";
import { type AnyPgColumn, bigint, boolean, index, integer, jsonb, pgTable, text, unique, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { users } from "./accounts.ts";

export const projects = pgTable(
  "projects",
  {
    id: id(),
    owner_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** The project that this one is a branch of. Lists of projects leave branches out. */
    branch_of: uuid().references((): AnyPgColumn => projects.id, { onDelete: "cascade" }),
    name: text().notNull(),
    slug: text().notNull().unique(),
    description: text(),
    source_type: text().notNull().default("template"),
    template_slug: text(),
    environment_status: text()
      .$type<
        | "provisioning"
        | "setup_failed"
        | "active"
        | "stopped"
        | "starting"
        | "stopping"
        | "hibernating"
        | "hibernated"
        | "corrupted"
        /** Its runtime does not have its files: the disk was lost. */
        | "files_missing"
        | "deleting"
      >()
      .notNull()
      .default("provisioning"),
    has_git_repo: boolean().notNull().default(false),
    git_remote_url: text(),
    deploy_type: text().$type<"development" | "deployed">().notNull().default("development"),
    is_deployed: boolean().notNull().default(false),
    deployed_at: timestamptz(),
    /** Why it was stopped; null while it runs and if it never ran. */
    stop_reason: text().$type<"user" | "idle" | "memory" | "limit" | "admin">(),
    hibernated_at: timestamptz(),
    last_activity: timestamptz(),
    /** Disk use of files, home folder and volumes at the last measurement. */
    disk_bytes: bigint({ mode: "number" }),
    settings: jsonb().$type<Record<string, unknown>>(),
    /** When its owner pinned it. */
    pinned_at: timestamptz(),
    /** When its pictures were taken. */
    pictured_at: timestamptz(),
    /** The last `seq` of the project's event stream; the row lock orders the stream. */
    event_seq: bigint({ mode: "number" }).notNull().default(0),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    index("projects_owner_id_updated_at_idx").on(t.owner_id, t.updated_at.desc(), t.id),
    index("projects_created_at_id_idx").on(t.created_at, t.id),
    index("projects_branch_of_idx").on(t.branch_of),
  ],
);
export type ProjectRow = typeof projects.$inferSelect;

/** The latest pictures of a project's running app, WebP as base64, because `bytea` columns are reserved for encrypted values. */
export const projectPictures = pgTable("project_pictures", {
  project_id: uuid()
    .primaryKey()
    .references(() => projects.id, { onDelete: "cascade" }),
  light: text().notNull(),
  dark: text().notNull(),
});

/** The prompt that a user wrote but did not build yet. */
export const projectDrafts = pgTable("project_drafts", {
  user_id: uuid()
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  text: text().notNull(),
  /** Slug of the chosen template; null: the default. */
  base_id: text(),
  /** Submitted while no model was connected. */
  is_submitted: boolean().notNull().default(false),
  updated_at: updatedAt(),
});
export type ProjectDraftRow = typeof projectDrafts.$inferSelect;

/**
 * Metadata of a file uploaded as an asset. The file tree is the source of truth: `etag` is the version the metadata was read from, and
 * the row of a missing file is hidden until the file is back (git checkout, snapshot restore).
 */
export const assets = pgTable(
  "assets",
  {
    id: id(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    /** `/`, or `/a/b`. */
    directory: text().notNull(),
    filename: text().notNull(),
    file_type: text().$type<AssetFileType>().notNull(),
    mime_type: text().notNull(),
    file_size: integer().notNull(),
    width: integer(),
    height: integer(),
    etag: text().notNull(),
    missing_since: timestamptz(),
    created_at: createdAt(),
  },
  (t) => [
    unique("assets_project_id_directory_filename_key").on(t.project_id, t.directory, t.filename),
    index("assets_project_id_created_at_idx").on(t.project_id, t.created_at),
  ],
);
export type AssetRow = typeof assets.$inferSelect;

/** A project's board. Its row lock serializes all changes. */
export const boards = pgTable("boards", {
  id: id(),
  project_id: uuid()
    .notNull()
    .unique()
    .references(() => projects.id, { onDelete: "cascade" }),
  name: text().notNull(),
  description: text(),
  settings: jsonb().$type<Record<string, unknown>>(),
  /** The last card number; only grows, so that no number is reused. */
  last_ref: integer().notNull().default(0),
  created_at: createdAt(),
  updated_at: updatedAt(),
});
export type BoardRow = typeof boards.$inferSelect;

export const boardColumns = pgTable(
  "board_columns",
  {
    id: id(),
    board_id: uuid()
      .notNull()
      .references(() => boards.id, { onDelete: "cascade" }),
    name: text().notNull(),
    description: text(),
    position: integer().notNull(),
    color: text(),
    icon: text(),
    is_backlog: boolean().notNull().default(false),
    is_completed: boolean().notNull().default(false),
    /** Where runs move the cards that they work on; at most one column of a board for each. */
    run_stage: text().$type<RunStage>(),
    task_limit: integer(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    index("board_columns_board_id_position_idx").on(t.board_id, t.position),
    unique("board_columns_board_id_run_stage_key").on(t.board_id, t.run_stage),
  ],
);
export type ColumnRow = typeof boardColumns.$inferSelect;

export const cards = pgTable(
  "cards",
  {
    id: id(),
    board_id: uuid()
      .notNull()
      .references(() => boards.id, { onDelete: "cascade" }),
    column_id: uuid()
      .notNull()
      .references(() => boardColumns.id, { onDelete: "cascade" }),
    ref_number: integer().notNull(),
    title: text().notNull(),
    description: text(),
    position: integer().notNull(),
    priority: text().$type<CardPriority>(),
    status: text(),
    task_type: text().$type<CardType>(),
    tags: jsonb().$type<string[]>(),
    assignee_id: uuid().references(() => users.id, { onDelete: "set null" }),
    reporter_id: uuid().references(() => users.id, { onDelete: "set null" }),
    estimate_hours: integer(),
    spent_hours: integer(),
    due_date: timestamptz(),
    started_at: timestamptz(),
    completed_at: timestamptz(),
    attachments: jsonb().$type<Record<string, unknown>[]>(),
    custom_fields: jsonb().$type<Record<string, unknown>>(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    unique("cards_board_id_ref_number_key").on(t.board_id, t.ref_number),
    index("cards_column_id_position_idx").on(t.column_id, t.position),
  ],
);
export type CardRow = typeof cards.$inferSelect;

export const cardComments = pgTable(
  "card_comments",
  {
    id: id(),
    card_id: uuid()
      .notNull()
      .references(() => cards.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    content: text().notNull(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [index("card_comments_card_id_created_at_idx").on(t.card_id, t.created_at)],
);

/** Project notes in Markdown. `version` grows with every write and is the entity tag. */
export const projectNotes = pgTable("project_notes", {
  project_id: uuid()
    .primaryKey()
    .references(() => projects.id, { onDelete: "cascade" }),
  content: text().notNull(),
  version: integer().notNull().default(1),
  updated_at: updatedAt(),
});
export type NotesRow = typeof projectNotes.$inferSelect;

/** Environment variables of a project. Never copied by forks, exports or snapshots. */
export const projectSecrets = pgTable(
  "project_secrets",
  {
    id: id(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    key: text().notNull(),
    encrypted_value: bytea("sealed_value").notNull(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [uniqueIndex("project_secrets_project_id_key_key").on(t.project_id, t.key)],
);
export type SecretRow = typeof projectSecrets.$inferSelect;
