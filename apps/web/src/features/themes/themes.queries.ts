import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { CustomTheme, Theme, ThemeListItem } from "@tesslate/contract";
import { api } from "../../api.ts";

/** The bundled themes. */
export const themesQuery = queryOptions({
  queryKey: ["themes", "catalogue"],
  queryFn: async ({ signal }) => (await api.themes.list({ query: { limit: 500 } }, { signal })).items,
  staleTime: 5 * 60_000,
});
export const customThemesQuery = queryOptions({
  queryKey: ["themes", "custom"],
  queryFn: async ({ signal }) => (await api.themes.listCustom({ query: { limit: 500 } }, { signal })).items,
});
/** A bundled theme with its revision is cached by the browser permanently. */
export const themeQuery = ({ id, revision }: { id: string; revision?: string }) =>
  queryOptions({
    queryKey: ["themes", "one", id, revision],
    queryFn: ({ signal }) => api.themes.get({ params: { id }, query: { ...(revision !== undefined && { revision }) } }, { signal }),
    staleTime: revision === undefined ? 0 : Infinity,
  });

export type ThemeEdit = Pick<Theme, "name" | "mode" | "colors" | "typography" | "spacing" | "animation">;

export function useThemeActions() {
  const queryClient = useQueryClient();
  const onSuccess = () =>
    Promise.all([
      queryClient.invalidateQueries({ queryKey: customThemesQuery.queryKey }),
      queryClient.invalidateQueries({ queryKey: ["themes", "one"] }),
    ]);
  return {
    fork: useMutation({
      mutationFn: ({ id, name }: { id: string; name?: string }) =>
        api.themes.fork({ params: { id }, body: name === undefined ? {} : { name } }),
      onSuccess,
    }),
    update: useMutation({
      mutationFn: ({ id, body }: { id: string; body: ThemeEdit }) => api.themes.update({ params: { id }, body }),
      onSuccess,
    }),
    remove: useMutation({ mutationFn: (id: string) => api.themes.remove({ params: { id } }), onSuccess }),
  };
}

/** A bundled or custom theme, as a card shows it. */
export interface ThemeTile {
  id: string;
  name: string;
  mode: "light" | "dark";
  author: string | null;
  description: string | null;
  swatches: ThemeListItem["swatches"];
  revision?: string;
  isOwn: boolean;
}
export const tileOf = (theme: ThemeListItem): ThemeTile => ({ ...theme, isOwn: false });
export const ownTileOf = ({ id, name, mode, author, description, colors }: CustomTheme): ThemeTile => ({
  id,
  name,
  mode,
  author,
  description,
  swatches: { primary: colors.primary, accent: colors.accent, background: colors.background, surface: colors.surface },
  isOwn: true,
});
