import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Bot, Server, UserRound } from "lucide-react";
import { useState } from "react";
import type { ActivityEntry, ActivityKind, ActorKind } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { useProject, useQuietProject } from "../../project/project-context.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Select } from "../../ui/Select.tsx";
import { ShowMore } from "../../ui/ShowMore.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { activityKey, activityQuery, type ActivityFilter } from "./activity.queries.ts";

const all = "all";
const actors: { value: ActorKind | typeof all; label: string }[] = [
  { value: all, label: "Everyone" },
  { value: "person", label: "People" },
  { value: "agent", label: "Agents" },
  { value: "system", label: "Server" },
];
const kinds: { value: ActivityKind | typeof all; label: string }[] = [
  { value: all, label: "All activity" },
  { value: "write", label: "Files" },
  { value: "command", label: "Commands" },
  { value: "run", label: "Runs" },
  { value: "approval", label: "Approvals" },
  { value: "secret", label: "Secrets" },
  { value: "snapshot", label: "Snapshots" },
  { value: "lifecycle", label: "Starts and stops" },
  { value: "graph", label: "Canvas" },
  { value: "data", label: "Data" },
  { value: "board", label: "Board and notes" },
  { value: "operation", label: "Operations" },
];
const looks = {
  person: <UserRound size={14} aria-hidden="true" />,
  agent: <Bot size={14} aria-hidden="true" />,
  system: <Server size={14} aria-hidden="true" />,
};
/** Project events come in bursts: the list is loaded again after this pause. */
const restMs = 1500;
const unrelated = new Set([
  "text_chunk",
  "reasoning_chunk",
  "tool_progress",
  "command_output",
  "preview_report",
  "log_problem",
  "credits_used",
  "positions_changed",
]);

/** The activity log of a project: people, agents and the server. */
export function ActivityPane() {
  const project = useProject();
  const [filter, setFilter] = useState<ActivityFilter>({ actor: undefined, kind: undefined });
  const query = useInfiniteQuery(activityQuery(project.id, filter));
  const { data, error } = query;
  const queryClient = useQueryClient();
  useQuietProject(
    (event) => !unrelated.has(event.type),
    restMs,
    () => void queryClient.invalidateQueries({ queryKey: activityKey(project.id) }),
  );
  const entries = data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <section aria-label="Activity" className="flex h-full min-h-0 flex-col bg-bg-1">
      <div className="flex flex-none flex-wrap items-center gap-2 border-b border-line-0 px-4 py-2">
        <h2 className="mr-2 text-sm">Activity</h2>
        <div className="w-36">
          <Select
            label="Actor"
            value={filter.actor ?? all}
            onChange={(actor) => setFilter({ ...filter, actor: actor === all ? undefined : (actor as ActorKind) })}
            options={actors}
          />
        </div>
        <div className="w-44">
          <Select
            label="Type"
            value={filter.kind ?? all}
            onChange={(kind) => setFilter({ ...filter, kind: kind === all ? undefined : (kind as ActivityKind) })}
            options={kinds}
          />
        </div>
        <span className="flex-1" />
        {data ? <span className="num text-xs text-fg-2">{counted(data.pages[0]?.total ?? 0, "event")} in the last 30 days</span> : null}
      </div>
      <div className="scroll-y min-h-0 flex-1">
        {query.isPending ? (
          <div className="px-4 py-3">
            <SkeletonRows count={10} label="Loading activity…" />
          </div>
        ) : error && entries.length === 0 ? (
          <LoadFailed title="Couldn't load activity" of={query} />
        ) : entries.length === 0 ? (
          <Nothing filter={filter} onClear={() => setFilter({ actor: undefined, kind: undefined })} />
        ) : (
          <>
            {query.isRefetchError ? <ShownFromBefore of={query} className="mx-4 my-2" /> : null}
            <ol role="list" aria-label="Events" className="divide-y divide-line-0">
              {entries.map((entry) => (
                <EntryRow key={entry.id} entry={entry} />
              ))}
            </ol>
            <ShowMore of={query} />
          </>
        )}
      </div>
    </section>
  );
}

const Nothing = ({ filter, onClear }: { filter: ActivityFilter; onClear: () => void }) =>
  filter.actor === undefined && filter.kind === undefined ? (
    <EmptyState title="No activity yet">Changes, commands, runs and approvals of this project appear here.</EmptyState>
  ) : (
    <EmptyState title="No results" action={<Button onClick={onClear}>Clear filters</Button>}>
      No matching activity in the last 30 days.
    </EmptyState>
  );

function EntryRow({ entry }: { entry: ActivityEntry }) {
  return (
    <li className="flex items-start gap-2.5 px-4 py-2 text-sm" data-actor={entry.actor.kind}>
      <span className="mt-0.5 flex-none text-fg-2">{looks[entry.actor.kind]}</span>
      <div className="min-w-0 flex-1">
        <p className="text-fg-1">
          <b className="font-medium text-fg-0">{entry.actor.name}</b> {entry.summary.charAt(0).toLowerCase() + entry.summary.slice(1)}
        </p>
        {entry.subject ? (
          <p className="truncate font-mono text-xs text-fg-2" title={entry.subject}>
            {entry.subject}
          </p>
        ) : null}
      </div>
      <RelativeTime at={entry.at} className="num flex-none text-xs text-fg-2" />
    </li>
  );
}
