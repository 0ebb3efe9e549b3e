export { scanText } from "./text-scan.ts";
export { createLaunchGate, type LaunchGate, type LaunchInput } from "./launch.ts";
export { createLaunchSettings, type LaunchSettingsService } from "./settings.ts";
