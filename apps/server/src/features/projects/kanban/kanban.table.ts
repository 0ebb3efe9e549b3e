import { boolean, index, integer, jsonb, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import type { CardPriority, CardType } from "@tesslate/contract";
import { createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { projects } from "../projects/projects.table.ts";
import { users } from "../../accounts/users/users.table.ts";

/** A project's board (accounts-projects 7). Its row lock puts all changes of the board in order. */
export const boards = pgTable("boards", {
  id: id(),
  project_id: uuid()
    .notNull()
    .unique()
    .references(() => projects.id, { onDelete: "cascade" }),
  name: text().notNull(),
  description: text(),
  settings: jsonb().$type<Record<string, unknown>>(),
  /** The last number given to a card; only grows, so that none is used twice. */
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
    task_limit: integer(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [index("board_columns_board_id_position_idx").on(t.board_id, t.position)],
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
