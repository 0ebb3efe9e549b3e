import type { ApprovalResponse, EditMode } from "@tesslate/contract";
import { forbidden } from "../../../platform/errors.ts";

/** A user, or a program with an API key. */
interface Caller {
  key?: { edit_mode: EditMode };
}
/** From the lowest permission. */
const editModes = ["plan", "ask", "allow"] as const;

/** The edit mode of a run: the requested one, but never above that of the API key. Default: the key's, else `ask`. */
export function editModeFor({ key }: Caller, requested: EditMode | undefined): EditMode {
  if (!key) return requested ?? "ask";
  const lower = Math.min(editModes.indexOf(key.edit_mode), editModes.indexOf(requested ?? key.edit_mode));
  return editModes[lower] ?? "plan";
}

/** A running agent may have more permissions than the key, so only keys in mode `allow` may steer it. */
export function refuseSteering({ key }: Caller): void {
  if (key && key.edit_mode !== "allow")
    throw forbidden("session_required", "This API key cannot steer a run. Use a key with edit mode `allow`, or steer it in the app.");
}

/** The edit mode of a run may be above that of the key: only keys in mode `allow` may resume runs. */
export function refuseResuming({ key }: Caller): void {
  if (key && key.edit_mode !== "allow")
    throw forbidden("session_required", "This API key cannot resume a run. Use a key with edit mode `allow`, or resume it in the app.");
}

/** A key must not approve its own requests: only keys in mode `allow` may allow a call; every key may deny or stop. */
export function refuseOwnAnswer({ key }: Caller, response: ApprovalResponse): void {
  if (key && key.edit_mode !== "allow" && (response === "allow_once" || response === "allow_all"))
    throw forbidden(
      "session_required",
      "This API key cannot approve tool calls. Use a key with edit mode `allow`, or approve it in the app.",
    );
}
