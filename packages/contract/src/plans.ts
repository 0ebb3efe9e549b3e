import { SendMessage } from "./chat.ts";
import { Plan, StepStatus } from "./plan.ts";
import { Literals, Maybe, Nullable, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "chat";
const ChatParams = Type.Object({ chat_id: Uuid });
const StepText = Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" });
const CriticalFiles = Type.Array(Type.String({ minLength: 1, maxLength: 500 }), { maxItems: 20 });

export const EditPlan = Type.Object({
  task: Type.Optional(Type.String({ maxLength: 2_000 })),
  /** The whole list in its order. A step without an id is a new one. */
  steps: Type.Array(
    Type.Object({
      id: Type.Optional(Uuid),
      step: StepText,
      status: Type.Optional(StepStatus),
      is_included: Type.Optional(Type.Boolean()),
    }),
    { minItems: 1, maxItems: 50 },
  ),
  critical_files: Type.Optional(CriticalFiles),
});
export type EditPlan = Static<typeof EditPlan>;

const { project_id: _project, chat_id: _chat, message: _message, edit_mode: _mode, ...runFields } = SendMessage.properties;
export const BuildPlan = Type.Object({ ...runFields, edit_mode: Maybe(Literals("allow", "ask")) });
export type BuildPlan = Static<typeof BuildPlan>;

/** agent-git-deploy 4.12 and 10. */
export const plansRoutes = {
  get: route({
    method: "GET",
    path: "/api/chat/{chat_id}/plan",
    tag,
    summary: "The plan of a session, null when there is none; ETag names its version",
    auth: "user",
    params: ChatParams,
    response: Type.Object({ plan: Nullable(Plan) }),
    errors: ["not_found"],
  }),
  put: route({
    method: "PUT",
    path: "/api/chat/{chat_id}/plan",
    tag,
    summary: "Write the plan of a session: edit, tick, order, delete steps (If-Match guards against lost updates)",
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
    summary: "Discard the plan of a session",
    auth: "user",
    status: 204,
    params: ChatParams,
    errors: ["not_found"],
  }),
  build: route({
    method: "POST",
    path: "/api/chat/{chat_id}/plan/build",
    tag,
    summary: "Start a run that builds the ticked steps; they become its to-do list (If-Match: only this version)",
    auth: "user",
    keys: "run",
    status: 202,
    params: ChatParams,
    body: BuildPlan,
    response: Type.Object({ task_id: Uuid, status_url: Type.String() }),
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
