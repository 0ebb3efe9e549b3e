import {
  JsonObject,
  Literals,
  Maybe,
  Nullable,
  ProjectRef,
  Timestamp,
  Type,
  Uuid,
  extend,
  listOf,
  pageQuery,
  type Static,
} from "./schema.ts";
import { route } from "./route.ts";

const tag = "kanban";

/** accounts-projects 7: the union of what code and documentation of the original name. */
export const cardPriorities = ["low", "medium", "high", "critical", "urgent"] as const;
export const cardTypes = ["feature", "bug", "task", "epic", "story", "enhancement", "refactor", "docs", "testing"] as const;
export type CardPriority = (typeof cardPriorities)[number];
export type CardType = (typeof cardTypes)[number];

/** accounts-projects 1, UserRef. */
export const UserRef = Type.Object({ id: Uuid, name: Type.String(), username: Type.String() });
export type UserRef = Static<typeof UserRef>;

/** accounts-projects 1, KanbanTask. In code it is a card: a task is a long operation. `ref_number` is shown as `TSK-0001` and never reused. */
export const Card = Type.Object({
  id: Uuid,
  board_id: Uuid,
  column_id: Uuid,
  ref_number: Type.Integer(),
  title: Type.String(),
  description: Nullable(Type.String()),
  position: Type.Integer(),
  priority: Nullable(Literals(...cardPriorities)),
  status: Nullable(Type.String()),
  task_type: Nullable(Literals(...cardTypes)),
  tags: Nullable(Type.Array(Type.String())),
  assignee: Nullable(UserRef),
  reporter: Nullable(UserRef),
  estimate_hours: Nullable(Type.Integer()),
  spent_hours: Nullable(Type.Integer()),
  due_date: Nullable(Timestamp),
  started_at: Nullable(Timestamp),
  completed_at: Nullable(Timestamp),
  attachments: Nullable(Type.Array(JsonObject)),
  custom_fields: Nullable(JsonObject),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type Card = Static<typeof Card>;
/** accounts-projects 1, KanbanComment. */
export const CardComment = Type.Object({ id: Uuid, content: Type.String(), user: UserRef, created_at: Timestamp, updated_at: Timestamp });
export type CardComment = Static<typeof CardComment>;
/** A single read adds the comments, oldest first. */
export const CardDetail = extend(Card, { comments: Type.Array(CardComment) });
export type CardDetail = Static<typeof CardDetail>;
/** accounts-projects 1, KanbanColumn. */
export const BoardColumn = Type.Object({
  id: Uuid,
  name: Type.String(),
  description: Nullable(Type.String()),
  position: Type.Integer(),
  color: Nullable(Type.String()),
  icon: Nullable(Type.String()),
  is_backlog: Type.Boolean(),
  is_completed: Type.Boolean(),
  task_limit: Nullable(Type.Integer()),
  tasks: Type.Array(Card),
});
export type BoardColumn = Static<typeof BoardColumn>;
/** accounts-projects 1, KanbanBoard: one per project, its columns and their cards by position. */
export const Board = Type.Object({
  id: Uuid,
  project_id: Uuid,
  name: Type.String(),
  description: Nullable(Type.String()),
  settings: Nullable(JsonObject),
  columns: Type.Array(BoardColumn),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type Board = Static<typeof Board>;

const maxInt = 2_147_483_647;
const columnFields = {
  description: Maybe(Type.String({ maxLength: 50_000 })),
  color: Maybe(Type.String({ maxLength: 50 })),
  icon: Maybe(Type.String({ maxLength: 50 })),
  is_backlog: Type.Optional(Type.Boolean()),
  is_completed: Type.Optional(Type.Boolean()),
  task_limit: Maybe(Type.Integer({ minimum: 1, maximum: maxInt })),
  /** Clamped to the columns there are. */
  position: Type.Optional(Type.Integer({ minimum: 0, maximum: maxInt })),
};
const ColumnName = Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" });
export const CreateColumn = Type.Object({ name: ColumnName, ...columnFields });
export type CreateColumn = Static<typeof CreateColumn>;
export const UpdateColumn = Type.Object({ name: Type.Optional(ColumnName), ...columnFields });
export type UpdateColumn = Static<typeof UpdateColumn>;

/** Any case is understood and stored in lower case; another word is 422. */
const anyCase = <T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: "string", maxLength: 50, description: `${values.join(", ")}; in any case` });
const DateOrTimestamp = Type.Union([Timestamp, Type.String({ format: "date" })], { description: "A date counts as its midnight UTC" });
const cardFields = {
  description: Maybe(Type.String({ maxLength: 50_000 })),
  priority: Maybe(anyCase(cardPriorities)),
  status: Maybe(Type.String({ maxLength: 50 })),
  task_type: Maybe(anyCase(cardTypes)),
  tags: Maybe(Type.Array(Type.String({ minLength: 1, maxLength: 50, pattern: "\\S" }), { maxItems: 50 })),
  assignee_id: Maybe(Uuid),
  estimate_hours: Maybe(Type.Integer({ minimum: 0, maximum: maxInt })),
  due_date: Maybe(DateOrTimestamp),
};
const Title = Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" });
export const CreateCard = Type.Object({ title: Title, column_id: Maybe(Uuid), ...cardFields });
export type CreateCard = Static<typeof CreateCard>;
export const UpdateCard = Type.Object({
  title: Type.Optional(Title),
  column_id: Type.Optional(Uuid),
  /** Index in the column, clamped to its cards. */
  position: Type.Optional(Type.Integer({ minimum: 0, maximum: maxInt })),
  spent_hours: Maybe(Type.Integer({ minimum: 0, maximum: maxInt })),
  started_at: Maybe(Timestamp),
  completed_at: Maybe(Timestamp),
  ...cardFields,
});
export type UpdateCard = Static<typeof UpdateCard>;

const BoardParams = Type.Object({ project_id: ProjectRef });
const PartParams = Type.Object({ project_id: ProjectRef, id: Uuid });

/** accounts-projects 7 and 9. */
export const kanbanRoutes = {
  board: route({
    method: "GET",
    path: "/api/kanban/{project_id}",
    tag,
    summary: "The project's board; the first read makes it",
    auth: "user",
    params: BoardParams,
    response: Board,
    errors: ["not_found"],
  }),
  createColumn: route({
    method: "POST",
    path: "/api/kanban/{project_id}/columns",
    tag,
    summary: "Add a column, at the end unless a position is given",
    auth: "user",
    status: 201,
    params: BoardParams,
    body: CreateColumn,
    response: BoardColumn,
    errors: ["not_found"],
  }),
  updateColumn: route({
    method: "PATCH",
    path: "/api/kanban/{project_id}/columns/{id}",
    tag,
    summary: "Change or move a column; only sent keys change",
    auth: "user",
    params: PartParams,
    body: UpdateColumn,
    response: BoardColumn,
    errors: ["not_found"],
  }),
  removeColumn: route({
    method: "DELETE",
    path: "/api/kanban/{project_id}/columns/{id}",
    tag,
    summary: "Delete a column with its cards, or keep them with ?move_to=",
    auth: "user",
    status: 204,
    params: PartParams,
    query: Type.Object({ move_to: Type.Optional(Uuid) }),
    errors: ["not_found", "last_column", "bad_request", "task_limit_reached"],
  }),
  listCards: route({
    method: "GET",
    path: "/api/kanban/{project_id}/tasks",
    tag,
    summary: "The board's cards in board order, filtered",
    auth: "user",
    params: BoardParams,
    query: Type.Object({
      ...pageQuery,
      q: Type.Optional(Type.String({ maxLength: 200, description: "Text of title or description, or a number such as TSK-0012" })),
      priority: Type.Optional(anyCase(cardPriorities)),
      task_type: Type.Optional(anyCase(cardTypes)),
      assignee_id: Type.Optional(Uuid),
      tags: Type.Optional(Type.String({ maxLength: 2600, description: "Comma-separated; a card has all of them" })),
    }),
    response: listOf(Card),
    errors: ["not_found"],
  }),
  createCard: route({
    method: "POST",
    path: "/api/kanban/{project_id}/tasks",
    tag,
    summary: "Add a card at the end of a column (default: the backlog)",
    auth: "user",
    status: 201,
    params: BoardParams,
    body: CreateCard,
    response: Card,
    errors: ["not_found", "bad_request", "task_limit_reached"],
  }),
  getCard: route({
    method: "GET",
    path: "/api/kanban/{project_id}/tasks/{id}",
    tag,
    summary: "One card with its comments",
    auth: "user",
    params: PartParams,
    response: CardDetail,
    errors: ["not_found"],
  }),
  updateCard: route({
    method: "PATCH",
    path: "/api/kanban/{project_id}/tasks/{id}",
    tag,
    summary: "Change or move a card; only sent keys change",
    auth: "user",
    params: PartParams,
    body: UpdateCard,
    response: Card,
    errors: ["not_found", "bad_request", "task_limit_reached"],
  }),
  removeCard: route({
    method: "DELETE",
    path: "/api/kanban/{project_id}/tasks/{id}",
    tag,
    summary: "Delete a card and its comments",
    auth: "user",
    status: 204,
    params: PartParams,
    errors: ["not_found"],
  }),
  comment: route({
    method: "POST",
    path: "/api/kanban/{project_id}/tasks/{id}/comments",
    tag,
    summary: "Comment on a card, in Markdown",
    auth: "user",
    status: 201,
    params: PartParams,
    body: Type.Object({ content: Type.String({ minLength: 1, maxLength: 10_000, pattern: "\\S" }) }),
    response: CardComment,
    errors: ["not_found"],
  }),
};
