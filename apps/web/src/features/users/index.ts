export { applySavedPreferences, useKeptPreferences, usePreferences, useSavePreferences } from "./preferences.ts";
export { meQuery, useIsSignedIn, useSetAvatar, useUpdateMe } from "./users.queries.ts";
