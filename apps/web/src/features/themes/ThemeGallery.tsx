import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Plus, Search } from "lucide-react";
import { Suspense, useDeferredValue, useId, useState, type KeyboardEvent } from "react";
import { useSearchText } from "../../lib/use-search-text.ts";
import { chooseTheme, useTheme } from "../../theme/theme-choice.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { toast, toastError, toastWithUndo } from "../../ui/toast.tsx";
import { ThemeCard } from "./ThemeCard.tsx";
import { PublishThemeDialog } from "./on-demand.ts";
import {
  customThemesQuery,
  libraryThemesQuery,
  libraryTileOf,
  ownTileOf,
  themesQuery,
  tileOf,
  useThemeActions,
  type ThemeTile,
} from "./themes.queries.ts";
import { useApplyTheme } from "./use-apply-theme.ts";

const route = getRouteApi("/app/settings/look");
const grid = "grid grid-cols-[repeat(auto-fill,minmax(132px,1fr))] gap-x-3 gap-y-4";
type Shown = "all" | "dark" | "light";
const modes = [
  { mode: "dark", title: "Dark themes" },
  { mode: "light", title: "Light themes" },
] as const;

const matches = (tile: ThemeTile, words: readonly string[]) => {
  const text = `${tile.name} ${tile.author ?? ""} ${tile.description ?? ""} ${tile.mode}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

/** Arrow keys move between cards as they are laid out; Tab reaches the selected one. */
function moveFocus(event: KeyboardEvent<HTMLDivElement>): void {
  const cards = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=radio]")];
  const at = cards.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  const columns = cards.filter((card) => card.getBoundingClientRect().top === cards[0]?.getBoundingClientRect().top).length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -at, End: cards.length - 1 - at }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  cards[Math.min(cards.length - 1, Math.max(0, at + step))]?.focus();
}

/** Bundled and custom themes and those of the library, one selected for dark and one for light mode. The search is in the URL. */
export function ThemeGallery() {
  const { choice } = useTheme();
  const { q = "", mode: shown = "all" } = route.useSearch();
  const navigate = route.useNavigate();
  const presets = useQuery(themesQuery);
  const own = useQuery(customThemesQuery);
  const library = useQuery(libraryThemesQuery);
  const { fork, update, remove, addToLibrary, removeFromLibrary } = useThemeActions();
  const { preview, stopPreview, apply } = useApplyTheme();
  const [text, setText] = useSearchText(
    q,
    (wanted) => void navigate({ search: (before) => ({ ...before, q: wanted || undefined }), replace: true }),
  );
  const words = useDeferredValue(text).toLowerCase().split(/\s+/).filter(Boolean);
  const show = (mode: Shown) =>
    void navigate({ search: (before) => ({ ...before, mode: mode === "all" ? undefined : mode }), replace: true });
  const [deleting, setDeleting] = useState<ThemeTile>();
  const [publishing, setPublishing] = useState<string>();
  const headings = { dark: useId(), light: useId() };

  const queries = [presets, own, library];
  const isLoaded = queries.every((query) => query.data !== undefined);
  const tiles = [...(own.data ?? []).map(ownTileOf), ...(library.data ?? []).map(libraryTileOf), ...(presets.data ?? []).map(tileOf)];
  const found = tiles.filter((tile) => (shown === "all" || tile.mode === shown) && matches(tile, words));
  const appliedId = (mode: "light" | "dark") => choice[mode]?.id ?? `default-${mode}`;
  const edit = (id: string) => void navigate({ to: "/settings/look/$themeId", params: { themeId: id } });
  const copy = (tile: ThemeTile) => {
    stopPreview();
    fork.mutate({ id: tile.id }, { onSuccess: (made) => edit(made.id), onError: (error) => toastError(error) });
  };
  const unpublish = (tile: ThemeTile) =>
    update.mutate(
      { id: tile.id, body: { is_published: false } },
      { onSuccess: () => toast(`${tile.name} unpublished.`), onError: (error) => toastError(error) },
    );
  const removeTile = (tile: ThemeTile) => {
    stopPreview();
    removeFromLibrary.mutate(tile.id, {
      onSuccess: () => {
        if (choice[tile.mode]?.id === tile.id) chooseTheme({ [tile.mode]: undefined });
        toastWithUndo(`${tile.name} removed from your library.`, () => addToLibrary.mutateAsync(tile.id));
      },
      onError: (error) => toastError(error),
    });
  };
  const all = {
    error: queries.find((query) => query.error)?.error,
    refetch: () => Promise.all(queries.map((query) => query.refetch())),
    isFetching: queries.some((query) => query.isFetching),
  };
  const applied = tiles.find((tile) => tile.id === appliedId("dark")) ?? tiles[0];

  return (
    <SettingsSection
      id="theme-gallery"
      title="Theme gallery"
      hint="Select a dark and a light theme. Hover over a theme to preview it."
      action={
        <Button
          icon={<Plus />}
          disabled={!applied}
          isLoading={fork.isPending}
          loadingWord="Creating…"
          onClick={() => applied && copy(applied)}
        >
          New theme
        </Button>
      }
    >
      <div className="mb-4 flex flex-wrap items-center gap-2">
        <Input
          type="search"
          aria-label="Search themes"
          placeholder="Search themes"
          value={text}
          onChange={(event) => setText(event.target.value)}
          leading={<Search size={14} />}
          boxClassName="min-w-40 flex-1"
        />
        <SegmentedControl<Shown>
          label="Mode"
          value={shown}
          onChange={show}
          segments={[
            { value: "all", label: "All", isLabelShown: true },
            { value: "dark", label: "Dark", isLabelShown: true },
            { value: "light", label: "Light", isLabelShown: true },
          ]}
        />
      </div>
      {all.error && isLoaded ? <ShownFromBefore of={all} className="mb-4" /> : null}
      {!isLoaded ? (
        all.error ? (
          <LoadFailed className="px-0" title="Couldn't load themes" of={all} />
        ) : (
          <div role="status" aria-busy="true" aria-label="Loading themes…" className={grid}>
            {Array.from({ length: 8 }, (_, index) => (
              <Skeleton key={index} className="h-26" />
            ))}
          </div>
        )
      ) : found.length === 0 ? (
        <EmptyState
          className="px-0"
          title={text.trim() === "" ? "No results" : `No results for “${text.trim()}”`}
          action={
            <Button
              onClick={() => {
                setText("");
                void navigate({ search: {}, replace: true });
              }}
            >
              Clear filters
            </Button>
          }
        >
          Try another name, or create a theme.
        </EmptyState>
      ) : (
        modes.map(({ mode, title }) => {
          const group = found.filter((tile) => tile.mode === mode);
          const stop = group.find((tile) => tile.id === appliedId(mode)) ?? group[0];
          return group.length === 0 ? null : (
            <section key={mode} className="mb-6">
              <h3 id={headings[mode]} className="mb-2 text-sm font-medium text-fg-1">
                {title} <span className="font-regular text-fg-2">{group.length}</span>
              </h3>
              <div role="radiogroup" tabIndex={-1} aria-labelledby={headings[mode]} className={grid} onKeyDown={moveFocus}>
                {group.map((tile) => (
                  <ThemeCard
                    key={tile.id}
                    tile={tile}
                    isApplied={tile.id === appliedId(mode)}
                    isTabStop={tile === stop}
                    onApply={() => void apply(tile)}
                    onPreview={() => preview(tile)}
                    onPreviewEnd={stopPreview}
                    onCopy={() => copy(tile)}
                    onEdit={() => edit(tile.id)}
                    onDelete={() => setDeleting(tile)}
                    onPublish={() => setPublishing(tile.id)}
                    onUnpublish={() => unpublish(tile)}
                    onView={() => void navigate({ to: "/marketplace/theme/$id", params: { id: tile.id } })}
                    onRemove={() => removeTile(tile)}
                  />
                ))}
              </div>
            </section>
          );
        })
      )}
      {publishing === undefined ? null : (
        <Suspense fallback={null}>
          <PublishThemeDialog id={publishing} onClose={() => setPublishing(undefined)} />
        </Suspense>
      )}
      {deleting ? (
        <ConfirmDialog
          isOpen
          onOpenChange={(isOpen) => !isOpen && setDeleting(undefined)}
          title={`Delete ${deleting.name}?`}
          confirmLabel="Delete theme"
          loadingWord="Deleting…"
          isDanger
          onConfirm={async () => {
            await remove.mutateAsync(deleting.id);
            if (choice[deleting.mode]?.id === deleting.id) chooseTheme({ [deleting.mode]: undefined });
            toast("Theme deleted.");
          }}
        >
          If you use this theme, the default theme is applied instead. This can't be undone.
        </ConfirmDialog>
      ) : null}
    </SettingsSection>
  );
}
