export { applySavedPreferences, useKeptPreferences, usePreferences, useSavePreferences } from "./preferences.ts";
export { meQuery, useSetAvatar, useUpdateMe } from "./users.queries.ts";
