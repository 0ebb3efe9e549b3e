export type { LaunchArtifact } from "./artifact.ts";
export { isPublicVariable } from "./project-values.ts";
export { scanText } from "./text-scan.ts";
export { launchSettingsHandlers } from "./launch.routes.ts";
export { createLaunchGate, type LaunchGate } from "./launch.ts";
export type { LaunchInput } from "./report.ts";
export { createLaunchSettings, type LaunchSettingsService } from "./settings.ts";
