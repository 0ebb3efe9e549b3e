import { useQueryClient } from "@tanstack/react-query";
import { Palette } from "lucide-react";
import { useEffect } from "react";
import type { Theme } from "@tesslate/contract";
import { loadWithRetry } from "../../lib/chunks.ts";
import { rank } from "../../lib/rank.ts";
import { isUnchosen } from "../../theme/theme-choice.ts";
import { usePaletteSource, type PaletteItem } from "../../ui/page/palette.ts";
import { toastError } from "../../ui/toast.tsx";
import { themeQuery, themesQuery } from "./themes.queries.ts";

/** The code that derives a theme is loaded when one is applied. */
const apply = async (theme: Theme) => (await loadWithRetry(() => import("../../theme/apply-theme.ts"))).applyTheme(theme);

/** Applies the theme of the account in a browser where none was selected yet. */
export function useAccountTheme(preset: string): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    if (!isUnchosen() || preset === "default-dark") return;
    queryClient
      .fetchQuery(themeQuery({ id: preset }))
      .then(apply)
      // The default theme stays.
      .catch(() => undefined);
  }, [preset, queryClient]);
}

/** Themes by name in the palette; loaded when the person types. */
export function useThemesPaletteSource(): void {
  const queryClient = useQueryClient();
  usePaletteSource({
    id: "themes",
    heading: "Themes",
    kind: "things",
    search: async (query): Promise<PaletteItem[]> => {
      if (query.length < 2) return [];
      const found = rank(await queryClient.ensureQueryData(themesQuery), query, (theme) => `${theme.name} theme ${theme.mode}`);
      return found.map((theme) => ({
        id: `theme.${theme.id}`,
        title: theme.name,
        hint: theme.mode === "dark" ? "Dark theme" : "Light theme",
        icon: <Palette size={14} />,
        run: () =>
          void queryClient
            .fetchQuery(themeQuery(theme))
            .then(apply)
            .catch((error: unknown) => toastError(error, { before: `Couldn't load ${theme.name}.` })),
      }));
    },
  });
}
