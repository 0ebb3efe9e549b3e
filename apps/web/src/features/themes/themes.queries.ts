import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { CustomTheme, LibraryTheme, ThemeListItem } from "@tesslate/contract";
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
/** Themes of others that were added to the library. */
export const libraryThemesQuery = queryOptions({
  queryKey: ["library", "themes"],
  queryFn: async ({ signal }) => (await api.marketplaceThemes.library({ query: { limit: 500 } }, { signal })).items,
});
/** A bundled theme with its revision is cached by the browser permanently. */
export const themeQuery = ({ id, revision }: { id: string; revision?: string }) =>
  queryOptions({
    queryKey: ["themes", "one", id, revision],
    queryFn: ({ signal }) => api.themes.get({ params: { id }, query: { ...(revision !== undefined && { revision }) } }, { signal }),
    staleTime: revision === undefined ? 0 : Infinity,
  });

type ThemeEdit = Parameters<typeof api.themes.update>[0]["body"];

export function useThemeActions() {
  const queryClient = useQueryClient();
  const onSuccess = () =>
    Promise.all([
      queryClient.invalidateQueries({ queryKey: customThemesQuery.queryKey }),
      queryClient.invalidateQueries({ queryKey: ["themes", "one"] }),
      // The store and the library list them, too.
      queryClient.invalidateQueries({ queryKey: ["marketplace"] }),
      queryClient.invalidateQueries({ queryKey: ["library"] }),
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
    addToLibrary: useMutation({ mutationFn: (id: string) => api.marketplaceThemes.add({ params: { id } }), onSuccess }),
    removeFromLibrary: useMutation({ mutationFn: (id: string) => api.marketplaceThemes.remove({ params: { id } }), onSuccess }),
  };
}

/** A bundled theme, a custom one, or one of the library, as a card shows it. */
export interface ThemeTile {
  id: string;
  name: string;
  mode: "light" | "dark";
  author: string | null;
  description: string | null;
  swatches: ThemeListItem["swatches"];
  revision?: string;
  origin: "bundled" | "own" | "library";
  /** Of an own one: it is listed in the store. */
  isPublished?: boolean;
}
export const tileOf = (theme: ThemeListItem): ThemeTile => ({ ...theme, origin: "bundled" });
export const libraryTileOf = (theme: LibraryTheme): ThemeTile => ({ ...theme, author: theme.creator_name, origin: "library" });
export const ownTileOf = ({ id, name, mode, author, description, colors, is_published }: CustomTheme): ThemeTile => ({
  id,
  name,
  mode,
  author,
  description,
  swatches: { primary: colors.primary, accent: colors.accent, background: colors.background, surface: colors.surface },
  origin: "own",
  isPublished: is_published,
});
