import { Ellipsis } from "lucide-react";
import { useState } from "react";
import type { AdminTheme } from "@tesslate/contract";
import { api } from "../../api.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { Chip } from "../../ui/Chip.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { useUpdateTheme } from "./administration.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { State } from "./State.tsx";
import type { Column } from "../../ui/Table.tsx";
import { AdminTable, type Filter } from "./table/AdminTable.tsx";

const filters: Filter[] = [
  {
    id: "is_active",
    label: "State",
    options: [
      { value: "true", label: "Active" },
      { value: "false", label: "Hidden" },
    ],
  },
];
const stateOf = (theme: AdminTheme) =>
  !theme.is_active ? ({ label: "Hidden", tone: "err", dot: "square" } as const) : ({ label: "Public", tone: "ok", dot: "filled" } as const);

/** Bundled themes and those that users published. */
export function ThemesTab() {
  const [asked, setAsked] = useState<AdminTheme>();
  const updateTheme = useUpdateTheme();
  const change = (theme: AdminTheme, what: Parameters<typeof updateTheme.mutate>[0]["change"], done: string) =>
    updateTheme.mutate({ theme, change: what }, { onSuccess: () => toast(done), onError: (error) => toastError(error) });
  const columns: Column<AdminTheme>[] = [
    {
      id: "name",
      head: "Theme",
      isGreedy: true,
      cell: (theme) => (
        <span className="flex min-w-0 items-center gap-2">
          <span className="min-w-0 truncate font-medium text-fg-0" title={theme.description}>
            {theme.name}
          </span>
          {theme.is_featured ? <Chip>Featured</Chip> : null}
        </span>
      ),
    },
    { id: "creator", head: "Creator", isWideOnly: true, cell: ({ created_by_username }) => created_by_username ?? "Tesslate" },
    { id: "mode", head: "Mode", isWideOnly: true, cell: ({ mode }) => (mode === "dark" ? "Dark" : "Light") },
    { id: "state", head: "State", cell: (theme) => <State look={stateOf(theme)} /> },
    { id: "installs", head: "Installs", isFigure: true, isWideOnly: true, cell: ({ downloads }) => formatNumber(downloads) },
    {
      id: "actions",
      head: "Actions",
      isHeadHidden: true,
      cell: (theme) => (
        <Menu
          label={`Actions for ${theme.name}`}
          align="end"
          trigger={
            <IconButton size="sm" label={`Actions for ${theme.name}`}>
              <Ellipsis size={14} />
            </IconButton>
          }
          entries={[
            theme.is_featured
              ? {
                  label: "Remove from featured",
                  onSelect: () => change(theme, { is_featured: false }, `${theme.name} is no longer featured.`),
                }
              : { label: "Feature", onSelect: () => change(theme, { is_featured: true }, `${theme.name} is featured.`) },
            ...(theme.is_active ? [{ label: "Hide…", isDanger: true, onSelect: () => setAsked(theme) }] : []),
            ...(!theme.is_active
              ? [{ label: "Unhide", onSelect: () => change(theme, { is_active: true }, `${theme.name} is visible again.`) }]
              : []),
          ]}
        />
      ),
    },
  ];
  return (
    <>
      <AdminTable
        label="Themes"
        failed="Couldn't load themes"
        searchBox={{ label: "Search themes", placeholder: "Search by name or creator" }}
        columns={columns}
        filters={filters}
        queryKey={["admin", "themes", "list"]}
        load={({ page, limit, search, filters: chosen }, signal) => {
          const { is_active } = chosen;
          return api.adminMarketplace.themes(
            { query: { page, limit, ...(search && { search }), ...(is_active !== undefined && { is_active: is_active === "true" }) } },
            { signal },
          );
        }}
        empty={{ title: "No themes yet", text: "Restart the server to restore the bundled themes." }}
      />
      {asked ? (
        <ReasonDialog
          title={`Hide ${asked.name}?`}
          confirmLabel="Hide theme"
          loadingWord="Hiding theme…"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await updateTheme.mutateAsync({ theme: asked, change: { is_active: false, reason } });
            toast(`${asked.name} hidden.`);
          }}
        >
          No one but its creator can find, add or apply this theme. Browsers that already show it keep its colors.
        </ReasonDialog>
      ) : null}
    </>
  );
}
