import { Literals, Nullable, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "chat";

export const EvidencePicture = Type.Object({
  id: Uuid,
  label: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
});
export type EvidencePicture = Static<typeof EvidencePicture>;

const VerifyStep = Type.Object({
  /** In words: `click the button "Save"`. */
  what: Type.String(),
  status: Literals("passed", "failed", "skipped"),
  duration_ms: Type.Integer(),
  /** Why it failed, or what was seen. */
  detail: Type.Optional(Type.String()),
});
/** What the platform's browser saw in the running app. Texts come from project code: show as text only. */
export const VerifyReport = Type.Object({
  title: Type.String(),
  container: Type.String(),
  path: Type.String(),
  success: Type.Boolean(),
  duration_ms: Type.Integer(),
  steps: Type.Array(VerifyStep),
  console_errors: Type.Array(Type.String()),
  failed_requests: Type.Array(Type.String()),
  /** Hosts that the page asked for and that the browser may not reach. */
  blocked: Type.Array(Type.Object({ host: Type.String(), count: Type.Integer() })),
  /** axe's findings on the last page; null when it could not be asked. */
  accessibility: Nullable(
    Type.Array(
      Type.Object({
        id: Type.String(),
        impact: Literals("minor", "moderate", "serious", "critical"),
        help: Type.String(),
        count: Type.Integer(),
        places: Type.Array(Type.String()),
      }),
    ),
  ),
  pictures: Type.Array(EvidencePicture),
});
export type VerifyReport = Static<typeof VerifyReport>;

export const CheckOutcome = Type.Object({
  status: Literals("passed", "failed", "timed_out", "not_run"),
  exit_code: Nullable(Type.Integer()),
  duration_ms: Type.Integer(),
  /** The end of what it printed. */
  output: Type.String(),
});
export type CheckOutcome = Static<typeof CheckOutcome>;
export const CheckResult = Type.Object({
  name: Literals("typecheck", "lint", "test", "build"),
  /** Null in a project of one container. */
  container: Nullable(Type.String()),
  command: Type.String(),
  /** Before the agent's turn, where that was asked for. */
  before: Nullable(CheckOutcome),
  after: Nullable(CheckOutcome),
});
export type CheckResult = Static<typeof CheckResult>;
export const ChecksReport = Type.Object({ success: Type.Boolean(), duration_ms: Type.Integer(), checks: Type.Array(CheckResult) });
export type ChecksReport = Static<typeof ChecksReport>;

/** Proof that stands with a turn of the agent: either `verify` or `checks` is there. */
export const Evidence = Type.Object({
  id: Uuid,
  task_id: Uuid,
  message_id: Uuid,
  verify: Nullable(VerifyReport),
  checks: Nullable(ChecksReport),
  created_at: Timestamp,
});
export type Evidence = Static<typeof Evidence>;

export const evidenceRoutes = {
  list: route({
    method: "GET",
    path: "/api/chat/runs/{task_id}/evidence",
    tag,
    summary: "What a run proved: browser checks with screenshots, checks before and after",
    auth: "user",
    params: Type.Object({ task_id: Uuid }),
    query: Type.Object(pageQuery),
    response: listOf(Evidence),
    errors: ["not_found"],
  }),
  picture: route({
    method: "GET",
    path: "/api/chat/runs/{task_id}/evidence/{id}",
    tag,
    summary: "A screenshot of a run's evidence",
    auth: "user",
    kind: "raw",
    contentType: "image/jpeg",
    params: Type.Object({ task_id: Uuid, id: Uuid }),
    errors: ["not_found"],
  }),
};
