import type { deploymentsRoutes } from "@tesslate/contract";
import type { Handlers } from "../../../http/mount.ts";
import type { LaunchSettingsService } from "./settings.ts";

/** The handlers of launch gate settings, which are part of the routes of deployments. */
export const launchSettingsHandlers = (
  settings: LaunchSettingsService,
): Pick<Handlers<typeof deploymentsRoutes>, "launchSettings" | "updateLaunchSettings"> => ({
  launchSettings: ({ user }, { params }) => settings.get(user.id, params.project_id),
  updateLaunchSettings: ({ user }, { params, body }) => settings.update(user.id, params.project_id, body),
});
