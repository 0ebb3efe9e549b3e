import { described, Literals, Nullable, Type, type Static } from "./schema.ts";

/** A check of the launch gate. Fields call it rule. */
export const LaunchCheck = Literals("build", "pages", "secrets", "accessibility", "weight", "advisories");
export type LaunchCheck = Static<typeof LaunchCheck>;
export const LaunchFinding = Type.Object({
  rule: LaunchCheck,
  severity: Literals("info", "minor", "serious", "critical"),
  message: described("One sentence. For a secret its kind and place, never its value", Type.String()),
  path: described("In the build output, or in the source where that is known", Nullable(Type.String())),
  line: Nullable(Type.Integer()),
  page: described("URL of the page that was open", Nullable(Type.String())),
});
export type LaunchFinding = Static<typeof LaunchFinding>;
export const LaunchReport = described(
  "The report of the launch gate. Texts are from project code: do not render as HTML.",
  Type.Object({
    is_blocked: described("Whether a blocking check failed", Type.Boolean()),
    duration_ms: Type.Integer(),
    rules: Type.Array(
      Type.Object({
        rule: LaunchCheck,
        status: described("`skipped`: could not be checked; `summary` has the reason", Literals("passed", "warned", "failed", "skipped")),
        is_blocking: Type.Boolean(),
        summary: described('E.g. "3 pages, no console errors"', Type.String()),
      }),
    ),
    findings: described("At most 100, most severe first", Type.Array(LaunchFinding)),
    weight: described(
      "Bytes of the build output, of its scripts, and of what the first page loads (compressed)",
      Nullable(Type.Object({ total: Type.Integer(), scripts: Type.Integer(), first_page: Nullable(Type.Integer()) })),
    ),
  }),
);
export type LaunchReport = Static<typeof LaunchReport>;

export const LaunchSettings = Type.Object({
  blocking: described("Checks that stop a deployment. Default: `build`, `secrets`", Type.Array(LaunchCheck)),
  weight_budget: described(
    "Compressed bytes that the first page may load; default 2 MB",
    Type.Integer({ minimum: 1000, maximum: 1_000_000_000 }),
  ),
});
export type LaunchSettings = Static<typeof LaunchSettings>;
