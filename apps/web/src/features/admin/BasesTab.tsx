import { Ellipsis } from "lucide-react";
import { useState } from "react";
import type { AdminBase } from "@tesslate/contract";
import { api } from "../../api.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { Chip } from "../../ui/Chip.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { toast } from "../../ui/toast.tsx";
import { useBaseActs } from "./house.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { State } from "./State.tsx";
import { AdminTable, type Column, type Filter } from "./table/AdminTable.tsx";

const filters: Filter[] = [
  {
    id: "is_active",
    label: "State",
    options: [
      { value: "true", label: "On" },
      { value: "false", label: "Hidden or taken away" },
    ],
  },
];
const stateOf = (base: AdminBase) =>
  base.is_hidden
    ? ({ label: "Hidden", tone: "err", dot: "square" } as const)
    : !base.is_active
      ? ({ label: "Taken away", tone: "neutral", dot: "ring" } as const)
      : base.visibility === "private"
        ? ({ label: "Private", tone: "neutral", dot: "ring" } as const)
        : ({ label: "On", tone: "ok", dot: "filled" } as const);

/** Every project template there is, and its place in the marketplace. */
export function BasesTab() {
  const [asked, setAsked] = useState<AdminBase>();
  const act = useBaseActs();
  const change = (base: AdminBase, what: Parameters<typeof act.mutate>[0]["change"], done: string) =>
    act.mutate({ base, change: what }, { onSuccess: () => toast(done), onError: (error) => toast(sentenceOf(error), { kind: "failed" }) });
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
          {base.is_featured ? <Chip>featured</Chip> : null}
        </span>
      ),
    },
    { id: "maker", head: "By", isWideOnly: true, cell: ({ created_by_username }) => created_by_username ?? "Tesslate" },
    { id: "state", head: "State", cell: (base) => <State look={stateOf(base)} /> },
    { id: "used", head: "Projects", isFigure: true, isWideOnly: true, cell: ({ downloads }) => downloads.toLocaleString() },
    {
      id: "acts",
      head: "What to do",
      isHeadHidden: true,
      cell: (base) => (
        <Menu
          label={`What to do with ${base.name}`}
          align="end"
          trigger={
            <IconButton size="sm" label={`What to do with ${base.name}`}>
              <Ellipsis size={14} />
            </IconButton>
          }
          entries={[
            base.is_featured
              ? { label: "No longer feature", onSelect: () => change(base, { is_featured: false }, `${base.name} is no longer featured.`) }
              : { label: "Feature", onSelect: () => change(base, { is_featured: true }, `${base.name} is featured.`) },
            ...(base.is_active ? [{ label: "Hide…", isDanger: true, onSelect: () => setAsked(base) }] : []),
            ...(base.is_hidden
              ? [{ label: "Show again", onSelect: () => change(base, { is_active: true }, `${base.name} is there again.`) }]
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
        searchIn="name, slug, maker"
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
        empty={{ title: "There are no templates", text: "The official ones come back when the server starts." }}
      />
      {asked ? (
        <ReasonDialog
          title={`Hide ${asked.name}?`}
          act="Hide it"
          actWord="Hiding"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await act.mutateAsync({ base: asked, change: { is_active: false, reason } });
            toast(`${asked.name} is hidden.`);
          }}
        >
          Nobody can find it or begin a project with it any more. Its files and the projects that were made from it stay.
        </ReasonDialog>
      ) : null}
    </>
  );
}
