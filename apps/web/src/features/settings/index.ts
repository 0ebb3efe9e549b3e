export { settingsPlaces } from "./settings-places.tsx";
export { singleSettings } from "./find-settings.ts";
