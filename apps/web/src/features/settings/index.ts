export { settingsPlaces } from "./settings-places.tsx";
