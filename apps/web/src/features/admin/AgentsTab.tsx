import { Ellipsis } from "lucide-react";
import { useState } from "react";
import type { AdminAgent } from "@tesslate/contract";
import { api } from "../../api.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { Chip } from "../../ui/Chip.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { toast } from "../../ui/toast.tsx";
import { useAgentActs } from "./house.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { State } from "./State.tsx";
import { AdminTable, type Column, type Filter } from "./table/AdminTable.tsx";
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
      { value: "true", label: "On" },
      { value: "false", label: "Switched off" },
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
    label: "Kind",
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
const makerOf = (agent: AdminAgent) =>
  agent.forked_by_username ?? agent.created_by_username ?? (agent.created_by_tesslate ? "Tesslate" : "somebody who is gone");
const stateOf = (agent: AdminAgent) =>
  !agent.is_active
    ? ({ label: "Switched off", tone: "err", dot: "square" } as const)
    : agent.forked_by_username !== null && !agent.is_published
      ? ({ label: "Private", tone: "neutral", dot: "ring" } as const)
      : ({ label: "On", tone: "ok", dot: "filled" } as const);

/** Every agent there is, and its place in the marketplace. */
export function AgentsTab() {
  const [asked, setAsked] = useState<AdminAgent>();
  const act = useAgentActs();
  const change = (agent: AdminAgent, what: Parameters<typeof act.mutate>[0]["change"], done: string) =>
    act.mutate({ agent, change: what }, { onSuccess: () => toast(done), onError: (error) => toast(sentenceOf(error), { kind: "failed" }) });
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
          {agent.is_default ? <Chip>default</Chip> : null}
          {agent.is_featured ? <Chip>featured</Chip> : null}
        </span>
      ),
    },
    { id: "maker", head: "By", isWideOnly: true, cell: makerOf },
    { id: "kind", head: "Kind", isWideOnly: true, cell: ({ item_type, source_type }) => `${item_type}, ${source_type}` },
    { id: "state", head: "State", cell: (agent) => <State look={stateOf(agent)} /> },
    { id: "used", head: "Messages", isFigure: true, isWideOnly: true, cell: ({ usage_count }) => usage_count.toLocaleString() },
    {
      id: "acts",
      head: "What to do",
      isHeadHidden: true,
      cell: (agent) => (
        <Menu
          label={`What to do with ${agent.name}`}
          align="end"
          trigger={
            <IconButton size="sm" label={`What to do with ${agent.name}`}>
              <Ellipsis size={14} />
            </IconButton>
          }
          entries={[
            agent.is_featured
              ? {
                  label: "No longer feature",
                  onSelect: () => change(agent, { is_featured: false }, `${agent.name} is no longer featured.`),
                }
              : { label: "Feature", onSelect: () => change(agent, { is_featured: true }, `${agent.name} is featured.`) },
            agent.is_active
              ? { label: "Switch off…", isDanger: true, onSelect: () => setAsked(agent) }
              : { label: "Switch on again", onSelect: () => change(agent, { is_active: true }, `${agent.name} is there again.`) },
          ]}
        />
      ),
    },
  ];
  return (
    <>
      <AdminTable
        label="Agents"
        searchIn="name, slug, maker"
        columns={columns}
        filters={filters}
        queryKey={["admin", "agents", "list"]}
        load={(request, signal) => api.adminAgents.list({ query: queryOf(request) }, { signal })}
        empty={{ title: "There are no agents", text: "The official ones come back when the server starts." }}
      />
      {asked ? (
        <ReasonDialog
          title={`Switch off ${asked.name}?`}
          act="Switch it off"
          actWord="Switching off"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await act.mutateAsync({ agent: asked, change: { is_active: false, reason } });
            toast(`${asked.name} is switched off.`);
          }}
        >
          Nobody can find, get or run it any more; those who have it see that an administrator switched it off. Nothing of it is deleted.
          {asked.is_default ? " It answers whenever nobody chooses an agent: until you switch it on again, such messages are refused." : ""}
        </ReasonDialog>
      ) : null}
    </>
  );
}
