import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useLayoutEffect } from "react";
import type { Preferences, User } from "@tesslate/contract";
import { api } from "../../api.ts";
import { keepModelChoice, readModelChoice } from "../../lib/model-choice.ts";
import { setShortcutOverrides } from "../../lib/shortcut-bindings.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useOptimisticMutation } from "../../lib/use-optimistic-mutation.ts";
import { applyAppearance } from "../../theme/appearance.ts";
import { adoptTheme, currentMode, onModeChosen } from "../../theme/theme-choice.ts";
import { toastError } from "../../ui/toast.tsx";
import { meQuery, useUpdateMe } from "./users.queries.ts";

/** The preferences of the signed-in user, from the cache; undefined without a session. */
export const usePreferences = (): Preferences | undefined => useQuery({ ...meQuery, enabled: false }).data?.preferences;

/** Saves the given preferences; others do not change. Shown at once. */
export const useSavePreferences = () =>
  useOptimisticMutation({
    mutationFn: (preferences: Partial<Preferences>) => api.users.updateMe({ body: { preferences } }),
    affects: [meQuery.queryKey],
    show: (queries, preferences) =>
      queries.setQueryData(meQuery.queryKey, (user) => user && { ...user, preferences: { ...user.preferences, ...preferences } }),
    adopt: (queries, user) => queries.setQueryData(meQuery.queryKey, user),
    onError: (error) => toastError(error),
  });

let appliedFor: string | undefined;
/** Applies preferences that were saved in another browser. Called before the first page of a user renders. */
export function applySavedPreferences({ id, preferences }: User): void {
  if (appliedFor === id) return;
  appliedFor = id;
  const { theme_mode, default_model } = preferences;
  applyAppearance(preferences);
  setShortcutOverrides(preferences.shortcuts);
  if (theme_mode !== null && theme_mode !== currentMode()) adoptTheme({ mode: theme_mode });
  if (default_model !== null && readModelChoice() === undefined) keepModelChoice(default_model);
}

/** Applies the appearance and the editor's font size to the page and saves the theme mode when the user changes it. */
export function useKeptPreferences(): void {
  const { data: user } = useSuspenseQuery(meQuery);
  const { mutate } = useUpdateMe();
  const { density, motion, contrast } = user.preferences;
  useLayoutEffect(() => applyAppearance({ density, motion, contrast }), [density, motion, contrast]);
  const { shortcuts } = user.preferences;
  useLayoutEffect(() => setShortcutOverrides(shortcuts), [shortcuts]);
  const size = user.preferences.editor_font_size;
  useLayoutEffect(() => document.documentElement.style.setProperty("--editor-font-size", `${size}px`), [size]);
  const saveMode = useHandler((mode: Preferences["theme_mode"]) => mutate({ preferences: { theme_mode: mode } }));
  useEffect(() => onModeChosen(saveMode), [saveMode]);
}
