import { Ellipsis } from "lucide-react";
import { useState } from "react";
import type { AdminBase } from "@tesslate/contract";
import { api } from "../../api.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { Chip } from "../../ui/Chip.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { useUpdateBase } from "./administration.queries.ts";
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
      { value: "false", label: "Hidden or deleted" },
    ],
  },
];
const stateOf = (base: AdminBase) =>
  base.is_hidden
    ? ({ label: "Hidden", tone: "err", dot: "square" } as const)
    : !base.is_active
      ? ({ label: "Deleted", tone: "neutral", dot: "ring" } as const)
      : base.visibility === "private"
        ? ({ label: "Private", tone: "neutral", dot: "ring" } as const)
        : ({ label: "Public", tone: "ok", dot: "filled" } as const);

/** All project templates and their store listings. */
export function BasesTab() {
  const [asked, setAsked] = useState<AdminBase>();
  const updateBase = useUpdateBase();
  const change = (base: AdminBase, what: Parameters<typeof updateBase.mutate>[0]["change"], done: string) =>
    updateBase.mutate({ base, change: what }, { onSuccess: () => toast(done), onError: (error) => toastError(error) });
  const columns: Column<AdminBase>[] = [
    {
      id: "name",
      head: "Template",
      isGreedy: true,
      cell: (base) => (
        <span className="flex min-w-0 items-center gap-2">
          <span className="min-w-0 truncate font-medium text-fg-0" title={base.description}>
            {base.name}
          </span>
          {base.is_featured ? <Chip>Featured</Chip> : null}
        </span>
      ),
    },
    { id: "creator", head: "Creator", isWideOnly: true, cell: ({ created_by_username }) => created_by_username ?? "Tesslate" },
    { id: "state", head: "State", cell: (base) => <State look={stateOf(base)} /> },
    { id: "used", head: "Projects", isFigure: true, isWideOnly: true, cell: ({ downloads }) => formatNumber(downloads) },
    {
      id: "actions",
      head: "Actions",
      isHeadHidden: true,
      cell: (base) => (
        <Menu
          label={`Actions for ${base.name}`}
          align="end"
          trigger={
            <IconButton size="sm" label={`Actions for ${base.name}`}>
              <Ellipsis size={14} />
            </IconButton>
          }
          entries={[
            base.is_featured
              ? {
                  label: "Remove from featured",
                  onSelect: () => change(base, { is_featured: false }, `${base.name} is no longer featured.`),
                }
              : { label: "Feature", onSelect: () => change(base, { is_featured: true }, `${base.name} is featured.`) },
            ...(base.is_active ? [{ label: "Hide…", isDanger: true, onSelect: () => setAsked(base) }] : []),
            ...(base.is_hidden
              ? [{ label: "Unhide", onSelect: () => change(base, { is_active: true }, `${base.name} is visible again.`) }]
              : []),
          ]}
        />
      ),
    },
  ];
  return (
    <>
      <AdminTable
        label="Templates"
        failed="Couldn't load templates"
        searchBox={{ label: "Search templates", placeholder: "Search by name, slug or creator" }}
        columns={columns}
        filters={filters}
        queryKey={["admin", "bases", "list"]}
        load={({ page, limit, search, filters: chosen }, signal) => {
          const { is_active } = chosen;
          return api.adminMarketplace.bases(
            { query: { page, limit, ...(search && { search }), ...(is_active !== undefined && { is_active: is_active === "true" }) } },
            { signal },
          );
        }}
        empty={{ title: "No templates yet", text: "Restart the server to restore the bundled templates." }}
      />
      {asked ? (
        <ReasonDialog
          title={`Hide ${asked.name}?`}
          confirmLabel="Hide template"
          loadingWord="Hiding template…"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await updateBase.mutateAsync({ base: asked, change: { is_active: false, reason } });
            toast(`${asked.name} hidden.`);
          }}
        >
          No one can find this template or create projects from it. Its files and existing projects aren't affected.
        </ReasonDialog>
      ) : null}
    </>
  );
}
