import { ChevronDown, Pin, PinOff, Play, RotateCw, Square } from "lucide-react";
import { useState } from "react";
import type { Container, Project } from "@tesslate/contract";
import type { RuntimeActions } from "../../project/use-runtime-actions.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { LimitNotice } from "../billing/index.ts";
import { ContainerDot, containerLook, crashLabel } from "../containers/index.ts";
import { ProjectPill, statusLookOf } from "../projects/index.ts";
import { useAlwaysOn } from "./use-always-on.ts";

/** Status of the project, with actions to start, stop and keep it running. */
export function RuntimeMenu({
  project,
  containers,
  runtime,
}: {
  project: Project;
  containers: readonly Container[];
  runtime: RuntimeActions;
}) {
  const alwaysOn = useAlwaysOn(project);
  const [isLimitShown, setIsLimitShown] = useState(false);
  const isUp = containers.some(
    (container) => container.status === "running" || container.status === "starting" || container.status === "frozen",
  );
  const failed = containers.find((container) => container.status === "failed");
  return (
    <>
      <Menu
        label="App status"
        trigger={
          <button
            type="button"
            aria-label={`App status: ${statusLookOf(project).word}`}
            className="inline-flex min-w-0 items-center gap-1 rounded-full pr-1 hover:bg-bg-3 data-[state=open]:bg-bg-3 narrow:relative narrow:before:absolute narrow:before:inset-x-0 narrow:before:-inset-y-3"
          >
            <ProjectPill project={project} crash={failed ? crashLabel(failed.exit_code) : undefined} canShrink />
            <ChevronDown size={12} className="flex-none text-fg-3" aria-hidden="true" />
          </button>
        }
        head={
          containers.length > 0 ? (
            <div role="group" className="border-b border-line-0 px-2 pt-1 pb-1.5 text-xs" aria-label="Containers">
              {containers.map((container) => (
                <div key={container.id} className="flex h-6 items-center gap-2">
                  <ContainerDot status={container.status} needs_restart={container.needs_restart} />
                  <span className="min-w-0 flex-1 truncate text-fg-0">{container.name}</span>
                  <span className="text-fg-2">{containerLook(container).word}</span>
                </div>
              ))}
            </div>
          ) : null
        }
        entries={[
          { label: "Start", icon: <Play size={14} />, isDisabled: isUp || runtime.isStarting, onSelect: () => void runtime.start() },
          { label: "Restart", icon: <RotateCw size={14} />, isDisabled: runtime.isStarting, onSelect: runtime.restart },
          {
            label: "Stop",
            hint: "Files aren't affected",
            icon: <Square size={14} />,
            isDisabled: !isUp || runtime.isStopping,
            onSelect: runtime.stop,
          },
          "-",
          alwaysOn.isOn
            ? {
                label: "Turn off always-on",
                icon: <PinOff size={14} />,
                isDisabled: alwaysOn.isChanging,
                onSelect: alwaysOn.toggle,
              }
            : {
                label: alwaysOn.full ? "Turn on always-on…" : "Turn on always-on",
                ...(alwaysOn.slots !== undefined && { hint: alwaysOn.slots }),
                icon: <Pin size={14} />,
                isDisabled: alwaysOn.isChanging || containers.length === 0,
                onSelect: alwaysOn.full ? () => setIsLimitShown(true) : alwaysOn.toggle,
              },
        ]}
      />
      {alwaysOn.full ? (
        <Dialog
          isOpen={isLimitShown}
          onOpenChange={setIsLimitShown}
          title="Turn on always-on"
          description="An always-on project keeps running while it isn't used."
        >
          <LimitNotice error={alwaysOn.full} />
        </Dialog>
      ) : null}
    </>
  );
}

/** The project's status, derived from its containers; the stored one may be older. */
export function liveStatus(project: Project, containers: readonly Container[]): Project {
  const own = containers.filter((container) => container.status !== "connected");
  if (own.length === 0) return project;
  const count = (status: Container["status"]) => own.filter((container) => container.status === status).length;
  const status =
    count("starting") > 0
      ? "starting"
      : count("failed") > 0
        ? "error"
        : count("running") === own.length
          ? "running"
          : count("running") > 0
            ? "partial"
            : count("frozen") > 0
              ? "hibernated"
              : "stopped";
  return { ...project, status };
}
