import { Ellipsis } from "lucide-react";
import { useState } from "react";
import type { AdminAgent } from "@tesslate/contract";
import { api } from "../../api.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { Chip } from "../../ui/Chip.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { useUpdateAgent } from "./administration.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { State } from "./State.tsx";
import type { Column } from "../../ui/Table.tsx";
import { AdminTable, type Filter } from "./table/AdminTable.tsx";
import type { TableRequest } from "./table/table-search.ts";

type AgentQuery = NonNullable<NonNullable<Parameters<typeof api.adminAgents.list>[0]>["query"]>;
const isTrue = (value: string | undefined) => (value === undefined ? undefined : value === "true");
function queryOf({ page, limit, search, filters: chosen }: TableRequest): AgentQuery {
  const { item_type, source_type, pricing_type } = chosen as Pick<AgentQuery, "item_type" | "source_type" | "pricing_type">;
  const [is_active, is_featured] = [isTrue(chosen["is_active"]), isTrue(chosen["is_featured"])];
  return {
    page,
    limit,
    ...(search && { search }),
    ...(item_type && { item_type }),
    ...(source_type && { source_type }),
    ...(pricing_type && { pricing_type }),
    ...(is_active !== undefined && { is_active }),
    ...(is_featured !== undefined && { is_featured }),
  };
}
const filters: Filter[] = [
  {
    id: "is_active",
    label: "State",
    options: [
      { value: "true", label: "Enabled" },
      { value: "false", label: "Disabled" },
    ],
  },
  {
    id: "is_featured",
    label: "Featured",
    options: [
      { value: "true", label: "Featured" },
      { value: "false", label: "Not featured" },
    ],
  },
  {
    id: "item_type",
    label: "Type",
    options: [
      { value: "agent", label: "Agents" },
      { value: "subagent", label: "Sub-agents" },
      { value: "skill", label: "Skills" },
    ],
  },
  {
    id: "source_type",
    label: "Source",
    options: [
      { value: "open", label: "Open" },
      { value: "closed", label: "Closed" },
    ],
  },
];
const creatorOf = (agent: AdminAgent) =>
  agent.forked_by_username ?? agent.created_by_username ?? (agent.created_by_tesslate ? "Tesslate" : "Deleted user");
const stateOf = (agent: AdminAgent) =>
  !agent.is_active
    ? ({ label: "Disabled", tone: "err", dot: "square" } as const)
    : agent.forked_by_username !== null && !agent.is_published
      ? ({ label: "Private", tone: "neutral", dot: "ring" } as const)
      : ({ label: "Enabled", tone: "ok", dot: "filled" } as const);

/** All agents and their store listings. */
export function AgentsTab() {
  const [asked, setAsked] = useState<AdminAgent>();
  const updateAgent = useUpdateAgent();
  const change = (agent: AdminAgent, what: Parameters<typeof updateAgent.mutate>[0]["change"], done: string) =>
    updateAgent.mutate({ agent, change: what }, { onSuccess: () => toast(done), onError: (error) => toastError(error) });
  const columns: Column<AdminAgent>[] = [
    {
      id: "name",
      head: "Agent",
      isGreedy: true,
      cell: (agent) => (
        <span className="flex min-w-0 items-center gap-2">
          <span className="min-w-0 truncate font-medium text-fg-0" title={agent.description}>
            {agent.name}
          </span>
          {agent.is_default ? <Chip>Default</Chip> : null}
          {agent.is_featured ? <Chip>Featured</Chip> : null}
        </span>
      ),
    },
    { id: "creator", head: "Creator", isWideOnly: true, cell: creatorOf },
    { id: "kind", head: "Type", isWideOnly: true, cell: ({ item_type, source_type }) => `${item_type}, ${source_type}` },
    { id: "state", head: "State", cell: (agent) => <State look={stateOf(agent)} /> },
    { id: "used", head: "Messages", isFigure: true, isWideOnly: true, cell: ({ usage_count }) => formatNumber(usage_count) },
    {
      id: "actions",
      head: "Actions",
      isHeadHidden: true,
      cell: (agent) => (
        <Menu
          label={`Actions for ${agent.name}`}
          align="end"
          trigger={
            <IconButton size="sm" label={`Actions for ${agent.name}`}>
              <Ellipsis size={14} />
            </IconButton>
          }
          entries={[
            agent.is_featured
              ? {
                  label: "Remove from featured",
                  onSelect: () => change(agent, { is_featured: false }, `${agent.name} is no longer featured.`),
                }
              : { label: "Feature", onSelect: () => change(agent, { is_featured: true }, `${agent.name} is featured.`) },
            agent.is_active
              ? { label: "Disable…", isDanger: true, onSelect: () => setAsked(agent) }
              : { label: "Enable", onSelect: () => change(agent, { is_active: true }, `${agent.name} enabled.`) },
          ]}
        />
      ),
    },
  ];
  return (
    <>
      <AdminTable
        label="Agents"
        failed="Couldn't load agents"
        searchBox={{ label: "Search agents", placeholder: "Search by name, slug or creator" }}
        columns={columns}
        filters={filters}
        queryKey={["admin", "agents", "list"]}
        load={(request, signal) => api.adminAgents.list({ query: queryOf(request) }, { signal })}
        empty={{ title: "No agents yet", text: "Restart the server to restore the bundled agents." }}
      />
      {asked ? (
        <ReasonDialog
          title={`Disable ${asked.name}?`}
          confirmLabel="Disable agent"
          loadingWord="Disabling agent…"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await updateAgent.mutateAsync({ agent: asked, change: { is_active: false, reason } });
            toast(`${asked.name} disabled.`);
          }}
        >
          No one can find, add or run this agent. Users who have it see that an administrator disabled it. Nothing is deleted.
          {asked.is_default ? " This is the default agent: until you enable it again, messages without a selected agent fail." : ""}
        </ReasonDialog>
      ) : null}
    </>
  );
}
