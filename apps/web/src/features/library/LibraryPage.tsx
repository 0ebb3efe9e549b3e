import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Bot, Box, PencilRuler, Plus, Store } from "lucide-react";
import type { ReactNode } from "react";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { tabClass } from "../../ui/Tabs.tsx";
import { BaseRow } from "./BaseRow.tsx";
import { libraryAgentsQuery, libraryBasesQuery, ownItemsQuery } from "./library.queries.ts";
import { LibraryAgentRow } from "./LibraryAgentRow.tsx";
import { OwnItemRow } from "./OwnItemRow.tsx";

const route = getRouteApi("/app/library");
const tabs = [
  { value: undefined, label: "Agents", icon: <Bot size={14} /> },
  { value: "templates", label: "Templates", icon: <Box size={14} /> },
  { value: "made", label: "Created by you", icon: <PencilRuler size={14} /> },
] as const;
const rows = "divide-y divide-line-0 border-b border-line-0";

/** The agents and templates of the library, and the items the user created. */
export function LibraryPage() {
  const { tab } = route.useSearch();
  return (
    <Page
      title="Library"
      heading="Library"
      width="settings"
      action={
        <>
          <Link to="/marketplace" className={buttonClass({ variant: "ghost" })}>
            <Store size={14} />
            <span className="narrow:sr-only">Store</span>
          </Link>
          <Link to="/library/agents/$slug" params={{ slug: "new" }} className={buttonClass()}>
            <Plus size={14} />
            <span className="narrow:sr-only">New agent</span>
          </Link>
        </>
      }
    >
      <nav aria-label="Library" className="mb-4 flex h-9 items-stretch gap-0.5 border-b border-line-0 narrow:h-11">
        {tabs.map((one) => (
          <Link
            key={one.label}
            to="/library"
            search={one.value ? { tab: one.value } : {}}
            data-state={one.value === tab ? "active" : "inactive"}
            aria-current={one.value === tab ? "page" : undefined}
            className={tabClass}
          >
            {one.icon}
            {one.label}
          </Link>
        ))}
      </nav>
      {tab === "templates" ? <Bases /> : tab === "made" ? <OwnItems /> : <Agents />}
    </Page>
  );
}

/** A list with its states: loading, failed, empty. */
function Rows<T>({
  query,
  failed,
  empty,
  children,
}: {
  query: { data: { items: T[] } | undefined; error: unknown; refetch: () => unknown; isFetching: boolean };
  failed: string;
  empty: ReactNode;
  children: (item: T) => ReactNode;
}) {
  if (!query.data)
    return query.error ? <LoadFailed className="px-0" title={failed} of={query} /> : <SkeletonRows count={6} label="Loading library…" />;
  return (
    <>
      {query.error ? <ShownFromBefore of={query} className="mb-3" /> : null}
      {query.data.items.length === 0 ? (
        empty
      ) : (
        <ul ref={keepRowFocus} className={rows}>
          {query.data.items.map(children)}
        </ul>
      )}
    </>
  );
}

function Agents() {
  const query = useQuery(libraryAgentsQuery);
  return (
    <Rows
      query={query}
      failed="Couldn't load your agents"
      empty={
        <EmptyState
          className="px-0"
          title="No agents yet"
          action={
            <Link to="/marketplace" className={buttonClass()}>
              Browse store
            </Link>
          }
        >
          Agents you add appear here. You can select them in any chat.
        </EmptyState>
      }
    >
      {(agent) => <LibraryAgentRow key={agent.id} agent={agent} />}
    </Rows>
  );
}

function Bases() {
  const query = useQuery(libraryBasesQuery);
  return (
    <Rows
      query={query}
      failed="Couldn't load your templates"
      empty={
        <EmptyState
          className="px-0"
          title="No templates yet"
          action={
            <Link to="/marketplace" search={{ type: "bases" }} className={buttonClass()}>
              Browse store
            </Link>
          }
        >
          Templates you use appear here automatically.
        </EmptyState>
      }
    >
      {(base) => <BaseRow key={base.id} base={base} />}
    </Rows>
  );
}

function OwnItems() {
  const query = useQuery(ownItemsQuery);
  return (
    <Rows
      query={query}
      failed="Couldn't load your items"
      empty={
        <EmptyState
          className="px-0"
          title="No items yet"
          action={
            <Link to="/library/agents/$slug" params={{ slug: "new" }} className={buttonClass()}>
              Create agent
            </Link>
          }
        >
          Agents, templates and themes you create appear here, with install counts.
        </EmptyState>
      }
    >
      {(item) => <OwnItemRow key={`${item.item_type}-${item.id}`} item={item} />}
    </Rows>
  );
}
