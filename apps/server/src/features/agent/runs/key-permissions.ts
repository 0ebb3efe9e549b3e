import type { ApprovalResponse, EditMode } from "@tesslate/contract";
import { forbidden } from "../../../platform/errors.ts";

/** The key that somebody calls with; a person has none. */
interface Caller {
  key?: { edit_mode: EditMode };
}
const fromLowest = ["plan", "ask", "allow"] as const;

/** The edit mode of a run (agent-git-deploy 4.10): a key's own, or a lower one that was asked for. A person's wish counts as it is; `ask` without one. */
export function editModeFor({ key }: Caller, wished: EditMode | undefined): EditMode {
  if (!key) return wished ?? "ask";
  const lower = Math.min(fromLowest.indexOf(key.edit_mode), fromLowest.indexOf(wished ?? key.edit_mode));
  return fromLowest[lower] ?? "plan";
}

/** A run that goes on may do more than a key that does not allow everything: such a key tells it nothing. */
export function refuseSteering({ key }: Caller): void {
  if (key && key.edit_mode !== "allow")
    throw forbidden("session_required", "This API key cannot steer a run: a person does that in the app.");
}

/** A key that has to ask does not answer itself: it may refuse and stop, and only one in mode `allow` may allow. */
export function refuseOwnAnswer({ key }: Caller, response: ApprovalResponse): void {
  if (key && key.edit_mode !== "allow" && (response === "allow_once" || response === "allow_all"))
    throw forbidden("session_required", "This API key has to ask: a person allows this in the app.");
}
