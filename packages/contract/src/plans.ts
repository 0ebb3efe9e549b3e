import { SendMessage } from "./chat-runs.ts";
import { Plan, StepStatus } from "./plan.ts";
import { described, StartedTask, Literals, Maybe, Nullable, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "plans";
const ChatParams = Type.Object({ chat_id: Uuid });
const StepText = Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" });
const CriticalFiles = Type.Array(Type.String({ minLength: 1, maxLength: 500 }), { maxItems: 20 });

export const EditPlan = Type.Object({
  task: Type.Optional(Type.String({ maxLength: 2_000 })),
  steps: described(
    "The complete list in order. A step without an id is new",
    Type.Array(
      Type.Object({
        id: Type.Optional(Uuid),
        step: StepText,
        status: Type.Optional(StepStatus),
        is_included: Type.Optional(Type.Boolean()),
      }),
      { minItems: 1, maxItems: 50 },
    ),
  ),
  critical_files: Type.Optional(CriticalFiles),
});
export type EditPlan = Static<typeof EditPlan>;

const { project_id: _project, chat_id: _chat, message: _message, edit_mode: _mode, ...runFields } = SendMessage.properties;
export const BuildPlan = Type.Object({ ...runFields, edit_mode: Maybe(Literals("allow", "ask")) });
export type BuildPlan = Static<typeof BuildPlan>;

export const plansRoutes = {
  get: route({
    method: "GET",
    path: "/api/chat/{chat_id}/plan",
    tag,
    summary: "Get plan",
    description: "The plan of a chat, null if there is none. The `ETag` names its version.",
    requestHeaders: ["If-None-Match"],
    responseHeaders: ["ETag"],
    auth: "user",
    params: ChatParams,
    response: Type.Object({ plan: Nullable(Plan) }),
    errors: ["not_found"],
  }),
  put: route({
    method: "PUT",
    path: "/api/chat/{chat_id}/plan",
    tag,
    summary: "Update plan",
    description: "Replaces task and steps of a chat's plan. Steps without an id are new. `If-Match` prevents lost updates.",
    requestHeaders: ["If-Match"],
    responseHeaders: ["ETag"],
    auth: "user",
    status: [201, 200],
    params: ChatParams,
    body: EditPlan,
    response: Plan,
    errors: ["not_found", "etag_mismatch"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/chat/{chat_id}/plan",
    tag,
    summary: "Delete plan",
    description: "Discards the plan of a chat. Work already done stays.",
    auth: "user",
    status: 204,
    params: ChatParams,
    errors: ["not_found"],
  }),
  build: route({
    method: "POST",
    path: "/api/chat/{chat_id}/plan/build",
    tag,
    summary: "Build plan",
    description: "Starts a run that builds the included steps; they become its to-do list. With `If-Match` only that version is built.",
    requestHeaders: ["If-Match"],
    auth: "user",
    keys: "run",
    status: 202,
    params: ChatParams,
    body: BuildPlan,
    response: StartedTask,
    errors: [
      "not_found",
      "etag_mismatch",
      "nothing_to_build",
      "chat_busy",
      "insufficient_credits",
      "agent_not_owned",
      "closed_source",
      "agent_not_runnable",
      "unknown_model",
      "model_not_configured",
    ],
  }),
};
