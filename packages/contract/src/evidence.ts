import { described, Literals, Nullable, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "runs";

export const EvidencePicture = Type.Object({
  id: Uuid,
  label: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
});
export type EvidencePicture = Static<typeof EvidencePicture>;

export const VerifyStep = Type.Object({
  what: described('In words, e.g. `click the button "Save"`', Type.String()),
  status: Literals("passed", "failed", "skipped"),
  duration_ms: Type.Integer(),
  detail: described("Why it failed, or what was seen", Type.Optional(Type.String())),
});
export const VerifyReport = described(
  "What the server's browser recorded in the running app. Texts are from project code: do not render as HTML.",
  Type.Object({
    title: Type.String(),
    container: Type.String(),
    path: Type.String(),
    success: Type.Boolean(),
    duration_ms: Type.Integer(),
    steps: Type.Array(VerifyStep),
    console_errors: Type.Array(Type.String()),
    failed_requests: Type.Array(Type.String()),
    blocked: described(
      "Hosts that the page requested and the browser may not reach",
      Type.Array(Type.Object({ host: Type.String(), count: Type.Integer() })),
    ),
    accessibility: described(
      "axe findings on the last page; null if the check did not run",
      Nullable(
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
    ),
    pictures: Type.Array(EvidencePicture),
  }),
);
export type VerifyReport = Static<typeof VerifyReport>;

export const CheckOutcome = Type.Object({
  status: Literals("passed", "failed", "timed_out", "not_run"),
  exit_code: Nullable(Type.Integer()),
  duration_ms: Type.Integer(),
  output: described("The end of its output", Type.String()),
});
export type CheckOutcome = Static<typeof CheckOutcome>;
export const CheckResult = Type.Object({
  name: Literals("typecheck", "lint", "test", "build"),
  container: described("Null in a project with one container", Nullable(Type.String())),
  command: Type.String(),
  before: described("Before the run, where it was requested", Nullable(CheckOutcome)),
  after: Nullable(CheckOutcome),
});
export type CheckResult = Static<typeof CheckResult>;
export const ChecksReport = Type.Object({ success: Type.Boolean(), duration_ms: Type.Integer(), checks: Type.Array(CheckResult) });
export type ChecksReport = Static<typeof ChecksReport>;

export const Evidence = described(
  "Evidence of a run: either `verify` or `checks` is set.",
  Type.Object({
    id: Uuid,
    task_id: Uuid,
    message_id: Uuid,
    verify: Nullable(VerifyReport),
    checks: Nullable(ChecksReport),
    created_at: Timestamp,
  }),
);
export type Evidence = Static<typeof Evidence>;

export const evidenceRoutes = {
  list: route({
    method: "GET",
    path: "/api/chat/runs/{task_id}/evidence",
    tag,
    summary: "List evidence of run",
    description: "What a run verified: browser checks with screenshots, and type check, lint, test and build before and after.",
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
    summary: "Get screenshot",
    description: "A screenshot of a run's evidence, as JPEG.",
    auth: "user",
    kind: "raw",
    contentType: "image/jpeg",
    params: Type.Object({ task_id: Uuid, id: Uuid }),
    errors: ["not_found"],
  }),
};
