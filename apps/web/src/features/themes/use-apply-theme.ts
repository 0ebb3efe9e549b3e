import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { previewTheme } from "../../theme/theme-choice.ts";
import { tokensOf, applyTheme } from "../../theme/apply-theme.ts";
import { toastError } from "../../ui/toast.tsx";
import { useUpdateMe } from "../users/index.ts";
import { themeQuery, type ThemeTile } from "./themes.queries.ts";

const previewAfterMs = 140;

/** Applies a theme, or previews it without applying it. */
export function useApplyTheme() {
  const queryClient = useQueryClient();
  const update = useUpdateMe();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  /** The last requested theme: late responses of others are ignored. */
  const wanted = useRef<string>(undefined);
  const stopPreview = () => {
    clearTimeout(timer.current);
    wanted.current = undefined;
    previewTheme();
  };
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      previewTheme();
    },
    [],
  );
  const read = (tile: ThemeTile) => queryClient.fetchQuery(themeQuery(tile));
  return {
    preview: (tile: ThemeTile) => {
      if (wanted.current === tile.id) return;
      clearTimeout(timer.current);
      wanted.current = tile.id;
      timer.current = setTimeout(() => {
        read(tile)
          .then((theme) => {
            if (wanted.current === tile.id) previewTheme({ isDark: theme.mode === "dark", tokens: tokensOf(theme) });
          })
          // A failed preview is ignored; applying reports the error.
          .catch(() => undefined);
      }, previewAfterMs);
    },
    stopPreview,
    apply: async (tile: ThemeTile) => {
      clearTimeout(timer.current);
      wanted.current = undefined;
      try {
        applyTheme(await read(tile));
      } catch (error) {
        previewTheme();
        toastError(error, { before: `Couldn't load ${tile.name}.` });
        return;
      }
      update.mutate(
        { theme_preset: tile.id },
        { onError: (error) => toastError(error, { before: "Couldn't save the theme to your account." }) },
      );
    },
  };
}
