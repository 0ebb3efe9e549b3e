import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useLayoutEffect } from "react";
import type { Preferences, User } from "@tesslate/contract";
import { keepModelChoice, readModelChoice } from "../../lib/model-choice.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { adoptTheme, currentMode, onModeChosen } from "../../theme/theme-choice.ts";
import { meQuery, useUpdateMe } from "./users.queries.ts";

/** What the signed-in person likes; undefined where nobody is signed in. Asks the server nothing. */
export const usePreferences = (): Preferences | undefined => useQuery({ ...meQuery, enabled: false }).data?.preferences;

/** Saves what is named. */
export function useSavePreferences() {
  const update = useUpdateMe();
  return {
    isSaving: update.isPending,
    /** What is on its way, to show at once. */
    saving: update.isPending ? update.variables.preferences : undefined,
    save: (preferences: Partial<Preferences>, on: { onError?: (error: unknown) => void; onSuccess?: () => void } = {}) =>
      update.mutate({ preferences }, on),
  };
}

let settledFor: string | undefined;
/** Before the first page of a person is drawn: what they chose in another browser holds in this one. */
export function settleIn({ id, preferences: { theme_mode, default_model } }: User): void {
  if (settledFor === id) return;
  settledFor = id;
  if (theme_mode !== null && theme_mode !== currentMode()) adoptTheme({ mode: theme_mode });
  if (default_model !== null && readModelChoice() === undefined) keepModelChoice(default_model);
}

/** Keeps the page as the person likes it, and tells the server what they choose. */
export function useKeptPreferences(): void {
  const { data: user } = useSuspenseQuery(meQuery);
  const { mutate } = useUpdateMe();
  const size = user.preferences.editor_font_size;
  useLayoutEffect(() => document.documentElement.style.setProperty("--editor-font-size", `${size}px`), [size]);
  const tell = useHandler((mode: Preferences["theme_mode"]) => mutate({ preferences: { theme_mode: mode } }));
  useEffect(() => onModeChosen(tell), [tell]);
}
