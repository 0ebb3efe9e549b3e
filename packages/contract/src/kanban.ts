import { EditMode } from "./edit-mode.ts";
import { Reasoning } from "./reasoning.ts";
import {
  described,
  WriteComment,
  JsonObject,
  Literals,
  ModelCost,
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

export const cardPriorities = ["low", "medium", "high", "critical", "urgent"] as const;
export const cardTypes = ["feature", "bug", "task", "epic", "story", "enhancement", "refactor", "docs", "testing"] as const;
export type CardPriority = (typeof cardPriorities)[number];
export type CardType = (typeof cardTypes)[number];

export const UserRef = described("A person.", Type.Object({ id: Uuid, name: Type.String(), username: Type.String() }));
export type UserRef = Static<typeof UserRef>;

export const runStages = ["in_progress", "review"] as const;
export type RunStage = (typeof runStages)[number];
export const CardRunState = Literals("queued", "running", "waiting", "completed", "failed", "stopped", "paused");
export type CardRunState = Static<typeof CardRunState>;
/** The states in which a card cannot be run again. */
export const activeCardRunStates: readonly CardRunState[] = ["queued", "running", "waiting"];
export const CardRun = described(
  "A run of the agent on a card, in a chat of its own. Later runs of that chat count as well: `state` is that of the newest.",
  Type.Object({
    chat_id: Uuid,
    task_id: described("The newest run; null while its message is in the queue of the chat", Nullable(Uuid)),
    state: described(
      "`queued`: another run changes the project's files. `waiting`: for a person's answer. `paused`: at a limit, until a person continues it",
      CardRunState,
    ),
    message: described("Why it failed, was stopped or paused, or cannot start", Nullable(Type.String())),
    cost_cents: described("Of all runs of the chat", ModelCost),
    created_at: Timestamp,
    ended_at: Nullable(Timestamp),
  }),
);
export type CardRun = Static<typeof CardRun>;

export const Card = described(
  "A card of the board: work for people, which the agent can take over. `ref_number` is shown as `TSK-0001` and never reused.",
  Type.Object({
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
    run: described("The newest run of the agent on the card", Nullable(CardRun)),
    created_at: Timestamp,
    updated_at: Timestamp,
  }),
);
export type Card = Static<typeof Card>;
export const CardComment = described(
  "A comment on a card, in Markdown.",
  Type.Object({ id: Uuid, content: Type.String(), user: UserRef, created_at: Timestamp, updated_at: Timestamp }),
);
export type CardComment = Static<typeof CardComment>;
export const CardDetail = described(
  "A card with its comments, oldest first, and its runs, newest first.",
  extend(Card, { comments: Type.Array(CardComment), runs: Type.Array(CardRun) }),
);
export type CardDetail = Static<typeof CardDetail>;
const RunStage = described(
  "Where the agent's runs move their cards: to `in_progress` when a run starts, to `review` when it has ended well. At most one column of a board has each: setting it takes it from another one",
  Nullable(Literals(...runStages)),
);
export const BoardColumn = described(
  "A column of the board with its cards in order.",
  Type.Object({
    id: Uuid,
    name: Type.String(),
    description: Nullable(Type.String()),
    position: Type.Integer(),
    color: Nullable(Type.String()),
    icon: Nullable(Type.String()),
    is_backlog: Type.Boolean(),
    is_completed: Type.Boolean(),
    run_stage: RunStage,
    task_limit: Nullable(Type.Integer()),
    tasks: Type.Array(Card),
  }),
);
export type BoardColumn = Static<typeof BoardColumn>;
export const Board = described(
  "The board of a project, with its columns in order.",
  Type.Object({
    id: Uuid,
    project_id: Uuid,
    name: Type.String(),
    description: Nullable(Type.String()),
    settings: Nullable(JsonObject),
    columns: Type.Array(BoardColumn),
    created_at: Timestamp,
    updated_at: Timestamp,
  }),
);
export type Board = Static<typeof Board>;

const maxInt = 2_147_483_647;
const columnFields = {
  description: Maybe(Type.String({ maxLength: 50_000 })),
  color: Maybe(Type.String({ maxLength: 50 })),
  icon: Maybe(Type.String({ maxLength: 50 })),
  is_backlog: Type.Optional(Type.Boolean()),
  is_completed: Type.Optional(Type.Boolean()),
  run_stage: Type.Optional(RunStage),
  task_limit: Maybe(Type.Integer({ minimum: 1, maximum: maxInt })),
  position: described("Limited to the number of columns", Type.Optional(Type.Integer({ minimum: 0, maximum: maxInt }))),
};
const ColumnName = Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" });
export const CreateColumn = Type.Object({ name: ColumnName, ...columnFields });
export type CreateColumn = Static<typeof CreateColumn>;
export const UpdateColumn = Type.Object({ name: Type.Optional(ColumnName), ...columnFields });
export type UpdateColumn = Static<typeof UpdateColumn>;

/** Case-insensitive, stored in lower case; another word is 422. */
const anyCase = <T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: "string", maxLength: 50, description: `${values.join(", ")}; in any case` });
const DateOrTimestamp = Type.Union([Timestamp, Type.String({ format: "date" })], { description: "A date means midnight UTC" });
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
  position: described("Index in the column, limited to its cards", Type.Optional(Type.Integer({ minimum: 0, maximum: maxInt }))),
  spent_hours: Maybe(Type.Integer({ minimum: 0, maximum: maxInt })),
  started_at: Maybe(Timestamp),
  completed_at: Maybe(Timestamp),
  ...cardFields,
});
export type UpdateCard = Static<typeof UpdateCard>;

export const RunCard = Type.Object({
  agent_id: Maybe(Type.String({ maxLength: 100 })),
  model: described("Replaces the agent's model for this run, e.g. `openai/gpt-5.1`", Maybe(Type.String({ maxLength: 200 }))),
  edit_mode: Type.Optional(EditMode),
  reasoning: described("How much the model thinks. Absent: the agent's level, or the model's default", Maybe(Reasoning)),
  workspace: described(
    "Where the run works while another one changes the project's files: in the same files, on a branch, or in the files when the others have ended. Absent: as the project's setting `parallel_runs` says; if that is `ask`, the same as `wait`",
    Type.Optional(Literals("project", "branch", "wait")),
  ),
});
export type RunCard = Static<typeof RunCard>;

const BoardParams = Type.Object({ project_id: ProjectRef });
const PartParams = Type.Object({ project_id: ProjectRef, id: Uuid });

export const kanbanRoutes = {
  board: route({
    method: "GET",
    path: "/api/kanban/{project_id}",
    tag,
    summary: "Get board",
    description: "The project's board with columns and cards. The first read creates it.",
    auth: "user",
    params: BoardParams,
    response: Board,
    errors: ["not_found"],
  }),
  createColumn: route({
    method: "POST",
    path: "/api/kanban/{project_id}/columns",
    tag,
    summary: "Create column",
    description: "Adds a column, at the end unless `position` is given.",
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
    summary: "Update column",
    description: "Changes or moves a column. Absent fields stay.",
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
    summary: "Delete column",
    description: "Deletes a column with its cards, or moves them to the column `move_to`. The last column cannot be deleted.",
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
    summary: "List cards",
    description: "The board's cards in board order, with filters.",
    auth: "user",
    params: BoardParams,
    query: Type.Object({
      ...pageQuery,
      q: Type.Optional(Type.String({ maxLength: 200, description: "Text of title or description, or a number such as TSK-0012" })),
      priority: Type.Optional(anyCase(cardPriorities)),
      task_type: Type.Optional(anyCase(cardTypes)),
      assignee_id: Type.Optional(Uuid),
      tags: Type.Optional(Type.String({ maxLength: 2600, description: "Comma-separated; only cards with all of them" })),
    }),
    response: listOf(Card),
    errors: ["not_found"],
  }),
  createCard: route({
    method: "POST",
    path: "/api/kanban/{project_id}/tasks",
    tag,
    summary: "Create card",
    description: "Adds a card at the end of a column, by default the backlog.",
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
    summary: "Get card",
    description: "One card with its comments.",
    auth: "user",
    params: PartParams,
    response: CardDetail,
    errors: ["not_found"],
  }),
  updateCard: route({
    method: "PATCH",
    path: "/api/kanban/{project_id}/tasks/{id}",
    tag,
    summary: "Update card",
    description: "Changes or moves a card. Absent fields stay.",
    auth: "user",
    params: PartParams,
    body: UpdateCard,
    response: Card,
    errors: ["not_found", "bad_request", "task_limit_reached"],
  }),
  runCard: route({
    method: "POST",
    path: "/api/kanban/{project_id}/tasks/{id}/run",
    tag,
    summary: "Run card",
    description: [
      "Gives the card to the agent: a run starts in a new chat, with title and description as its message. The card moves with it, also when no client is connected: to the column with the `run_stage` `in_progress` when the run starts; when it has ended well to `review`, or without such a column to the first one for completed cards; and back to where it was, with the reason, when it failed or was stopped. A card that a person moves during the run stays where they put it.",
      "",
      "While another run changes the project's files, the message can wait in the queue of its chat: then `task_id` is null. Later runs of the chat move the card again. 409 `card_run_active` while a run of the card is active, and `task_limit_reached` when the column for running cards is full. Model calls cost credits unless your own key is used.",
    ].join("\n"),
    auth: "user",
    keys: "run",
    status: 202,
    params: PartParams,
    body: RunCard,
    response: Type.Object({
      task_id: described("Null: the run is queued", Nullable(Uuid)),
      status_url: Nullable(Type.String()),
      chat_id: Uuid,
      card: Card,
    }),
    errors: [
      "not_found",
      "card_run_active",
      "task_limit_reached",
      "branch_limit_reached",
      "project_busy",
      "insufficient_credits",
      "agent_not_owned",
      "closed_source",
      "agent_not_runnable",
      "unknown_model",
      "model_not_configured",
    ],
  }),
  removeCard: route({
    method: "DELETE",
    path: "/api/kanban/{project_id}/tasks/{id}",
    tag,
    summary: "Delete card",
    description: "Deletes a card and its comments.",
    auth: "user",
    status: 204,
    params: PartParams,
    errors: ["not_found"],
  }),
  comment: route({
    method: "POST",
    path: "/api/kanban/{project_id}/tasks/{id}/comments",
    tag,
    summary: "Comment on card",
    description: "Adds a Markdown comment to a card.",
    auth: "user",
    status: 201,
    params: PartParams,
    body: WriteComment,
    response: CardComment,
    errors: ["not_found"],
  }),
};
