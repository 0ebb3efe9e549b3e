import { Value } from "typebox/value";
import { LaunchSettings } from "@tesslate/contract";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";

const defaultSettings: LaunchSettings = { blocking: ["build", "secrets"], weight_budget: 2_000_000 };
const key = "launch";

export type LaunchSettingsService = ReturnType<typeof createLaunchSettings>;
/** A project's launch gate settings, stored in its settings. */
export function createLaunchSettings({ projects }: { projects: Pick<Projects, "require" | "update"> }) {
  /** Missing or invalid settings fall back to the defaults. */
  const of = (project: Pick<ProjectRow, "settings">): LaunchSettings => {
    const chosen = project.settings?.[key];
    return Value.Check(LaunchSettings, chosen) ? chosen : defaultSettings;
  };
  return {
    of,
    get: async (userId: string, ref: string): Promise<LaunchSettings> => of(await projects.require(userId, ref)),
    update: async (userId: string, ref: string, { blocking, weight_budget }: LaunchSettings): Promise<LaunchSettings> => {
      const chosen: LaunchSettings = { blocking: [...new Set(blocking)], weight_budget };
      await projects.update(userId, ref, { settings: { [key]: chosen } });
      return chosen;
    },
  };
}
