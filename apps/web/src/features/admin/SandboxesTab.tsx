import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { AdminSandbox } from "@tesslate/contract";
import { formatBytes } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";
import { detailsOf } from "../../lib/errors.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Table, type Column } from "../../ui/Table.tsx";
import { useProjectActions } from "./administration.queries.ts";
import { StopDialog } from "./ProjectPanel.tsx";
import { TimeOrNever, State } from "./State.tsx";
import { useSandboxes } from "./use-sandboxes.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const looks = {
  running: { label: "Running", tone: "ok", dot: "filled" },
  starting: { label: "Starting", tone: "info", dot: "half" },
  frozen: { label: "Frozen", tone: "neutral", dot: "half" },
  failed: { label: "Failed", tone: "err", dot: "square" },
  commands: { label: "Commands only", tone: "info", dot: "filled" },
} as const;
/** One state for a project with several services. */
function lookOf({ services }: AdminSandbox) {
  const has = (status: string) => services.some((service) => service.status === status);
  return has("running")
    ? looks.running
    : has("starting")
      ? looks.starting
      : has("frozen")
        ? looks.frozen
        : has("failed")
          ? looks.failed
          : looks.commands;
}

const columnsOf = (onStop: (sandbox: AdminSandbox) => void): Column<AdminSandbox>[] => [
  {
    id: "project",
    head: "Project",
    isGreedy: true,
    cell: ({ id, project_name }) => (
      <Link to="/admin/projects/$projectId" params={{ projectId: id }} className="font-medium text-fg-0 hover:underline">
        {project_name}
      </Link>
    ),
  },
  {
    id: "owner",
    head: "Owner",
    isWideOnly: true,
    cell: ({ owner_email, owner_username }) => <span title={owner_email}>{owner_username}</span>,
  },
  {
    id: "state",
    head: "State",
    cell: (sandbox) => (
      <span title={sandbox.services.map(({ name, status }) => `${name}: ${status}`).join(", ")}>
        <State look={lookOf(sandbox)} />
      </span>
    ),
  },
  {
    id: "memory",
    head: "Memory",
    isFigure: true,
    cell: ({ memory_bytes }) => (memory_bytes === null ? "Not measured" : formatBytes(memory_bytes)),
  },
  {
    id: "cpu",
    head: "CPU",
    headHint: "Percent of one core",
    isFigure: true,
    isWideOnly: true,
    cell: ({ cpu_percent }) => (cpu_percent === null ? "Not measured" : formatPercent(cpu_percent / 100, 1)),
  },
  { id: "processes", head: "Processes", isFigure: true, isWideOnly: true, cell: ({ processes }) => processes ?? "Not measured" },
  {
    id: "started",
    head: "Started",
    isWideOnly: true,
    cell: ({ started_at }) => (started_at === null ? null : <TimeOrNever at={started_at} />),
  },
  { id: "used", head: "Last activity", isWideOnly: true, cell: ({ last_activity }) => <TimeOrNever at={last_activity} /> },
  {
    id: "actions",
    head: "Actions",
    isHeadHidden: true,
    isFigure: true,
    cell: (sandbox) => (
      <Button size="sm" variant="ghost" aria-label={`Stop ${sandbox.project_name}`} onClick={() => onStop(sandbox)}>
        Stop…
      </Button>
    ),
  },
];

/** Sandboxes that run on this server. */
export function SandboxesTab() {
  const { sandboxes, error, isReconnecting, again } = useSandboxes();
  const [asked, setAsked] = useState<AdminSandbox>();
  const columns = useMemo(() => columnsOf(setAsked), []);
  const memory = sandboxes?.reduce((sum, { memory_bytes }) => sum + (memory_bytes ?? 0), 0) ?? 0;
  const isCounted = sandboxes?.some(({ memory_bytes }) => memory_bytes !== null) ?? false;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="flex min-h-12 flex-none flex-wrap items-center gap-2 px-4 py-2.5 text-xs text-fg-2">
        <span role="status" className="num">
          {sandboxes === undefined
            ? ""
            : isCounted
              ? `${counted(sandboxes.length, "running project")}, ${formatBytes(memory)} of memory`
              : counted(sandboxes.length, "running project")}
        </span>
      </div>
      {isReconnecting && sandboxes ? (
        <Banner tone="warn" className="mx-4 mb-2">
          Connection lost. Reconnecting… This list may be out of date.
        </Banner>
      ) : null}
      <div className="scroll-y min-h-0 flex-1 overflow-x-auto border-t border-line-0">
        {sandboxes || error ? (
          <Table
            label="Sandboxes"
            columns={columns}
            rows={sandboxes}
            keyOf={({ id }) => id}
            isFlush
            failure={
              error && !sandboxes ? (
                <ErrorState title="Couldn't load sandboxes" onRetry={again} isRetrying={isReconnecting} details={detailsOf(error)}>
                  <ErrorSentence of={error} />
                </ErrorState>
              ) : null
            }
            empty={<EmptyState title="No running projects">Projects appear here when they start or a terminal is opened.</EmptyState>}
          />
        ) : (
          <SkeletonRows count={6} label="Loading sandboxes…" className="p-4" />
        )}
        {sandboxes && sandboxes.length > 0 && !isCounted ? (
          <p className="px-4 py-3 text-xs text-fg-2">This host doesn't measure memory and CPU per project.</p>
        ) : null}
      </div>
      {asked ? <StopSandbox key={asked.id} sandbox={asked} onClose={() => setAsked(undefined)} /> : null}
    </div>
  );
}

function StopSandbox({ sandbox, onClose }: { sandbox: AdminSandbox; onClose: () => void }) {
  const { stop } = useProjectActions(sandbox.id);
  return <StopDialog name={sandbox.project_name} onStop={(reason) => stop.mutateAsync(reason)} onClose={onClose} />;
}
