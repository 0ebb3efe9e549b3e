import { useQueryClient } from "@tanstack/react-query";
import { Palette } from "lucide-react";
import { useEffect } from "react";
import type { Theme } from "@tesslate/contract";
import { patiently } from "../../lib/chunks.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { rank } from "../../lib/rank.ts";
import { isUnchosen } from "../../theme/theme-choice.ts";
import { usePaletteSource, type PaletteItem } from "../../ui/page/palette.ts";
import { toast } from "../../ui/toast.tsx";
import { themeQuery, themesQuery } from "./themes.queries.ts";

/** What derives looks comes when one is wanted. */
const wear = async (theme: Theme) => (await patiently(() => import("../../theme/wear.ts"))).wearTheme(theme);

/** A browser in which nothing was chosen yet wears what was chosen in another. */
export function useAccountTheme(preset: string): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    if (!isUnchosen() || preset === "default-dark") return;
    queryClient
      .fetchQuery(themeQuery({ id: preset }))
      .then(wear)
      // The built-in look is fine too.
      .catch(() => undefined);
  }, [preset, queryClient]);
}

/** Themes by name in the palette; asked for when somebody types. */
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
        hint: `${theme.mode} theme`,
        icon: <Palette size={14} />,
        run: () =>
          void queryClient
            .fetchQuery(themeQuery(theme))
            .then(wear)
            .catch((error: unknown) => toast(`${theme.name} could not be read. ${sentenceOf(error)}`, { kind: "failed" })),
      }));
    },
  });
}
