import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { AdminSandbox } from "@tesslate/contract";
import { formatBytes } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";
import { detailsOf, sentenceOf } from "../../lib/errors.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { useProjectActs } from "./house.queries.ts";
import { StopDialog } from "./ProjectPanel.tsx";
import { Moment, State } from "./State.tsx";
import { useSandboxes } from "./use-sandboxes.ts";

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

/** Sandboxes that run on this server. */
export function SandboxesTab() {
  const { sandboxes, error, isReconnecting, again } = useSandboxes();
  const [asked, setAsked] = useState<AdminSandbox>();
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
        {error && !sandboxes ? (
          <ErrorState title="Couldn't load sandboxes" onRetry={again} isRetrying={isReconnecting} details={detailsOf(error)}>
            {sentenceOf(error)}
          </ErrorState>
        ) : !sandboxes ? (
          <SkeletonRows count={6} label="Loading sandboxes…" className="p-4" />
        ) : sandboxes.length === 0 ? (
          <EmptyState title="No running projects">Projects appear here when they start or a terminal is opened.</EmptyState>
        ) : (
          <table aria-label="Sandboxes" className="num w-full text-xs">
            <thead className="sticky top-0 z-10 bg-bg-1">
              <tr className="h-[30px] text-left text-fg-2 shadow-[inset_0_-1px_0_var(--line-0)] [&>th]:px-2.5 [&>th]:font-medium [&>th]:whitespace-nowrap [&>th:first-child]:pl-4">
                <th scope="col">Project</th>
                <th scope="col" className="narrow:hidden">
                  Owner
                </th>
                <th scope="col">State</th>
                <th scope="col" className="text-right">
                  Memory
                </th>
                <th scope="col" className="text-right narrow:hidden" title="Percent of one core">
                  CPU
                </th>
                <th scope="col" className="text-right narrow:hidden">
                  Processes
                </th>
                <th scope="col" className="narrow:hidden">
                  Started
                </th>
                <th scope="col" className="narrow:hidden">
                  Last activity
                </th>
                <th scope="col">
                  <span className="sr-only">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {sandboxes.map((sandbox) => (
                <tr
                  key={sandbox.id}
                  className="h-9 border-b border-line-0 hover:bg-bg-2 narrow:h-12 [&>td]:px-2.5 [&>td]:whitespace-nowrap [&>td:first-child]:pl-4 [&>td:last-child]:pr-4"
                >
                  <td className="w-full max-w-0 min-w-28 truncate">
                    <Link
                      to="/admin/projects/$projectId"
                      params={{ projectId: sandbox.id }}
                      className="font-medium text-fg-0 hover:underline"
                    >
                      {sandbox.project_name}
                    </Link>
                  </td>
                  <td className="narrow:hidden" title={sandbox.owner_email}>
                    {sandbox.owner_username}
                  </td>
                  <td title={sandbox.services.map(({ name, status }) => `${name}: ${status}`).join(", ")}>
                    <State look={lookOf(sandbox)} />
                  </td>
                  <td className="text-right">{sandbox.memory_bytes === null ? "?" : formatBytes(sandbox.memory_bytes)}</td>
                  <td className="text-right narrow:hidden">
                    {sandbox.cpu_percent === null ? "?" : formatPercent(sandbox.cpu_percent / 100, 1)}
                  </td>
                  <td className="text-right narrow:hidden">{sandbox.processes ?? "?"}</td>
                  <td className="narrow:hidden">{sandbox.started_at === null ? null : <Moment at={sandbox.started_at} />}</td>
                  <td className="narrow:hidden">
                    <Moment at={sandbox.last_activity} />
                  </td>
                  <td className="text-right">
                    <Button size="sm" variant="ghost" aria-label={`Stop ${sandbox.project_name}`} onClick={() => setAsked(sandbox)}>
                      Stop…
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
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
  const { stop } = useProjectActs(sandbox.id);
  return <StopDialog name={sandbox.project_name} onStop={(reason) => stop.mutateAsync(reason)} onClose={onClose} />;
}
