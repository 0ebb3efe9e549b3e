import { AppWindow, ArrowUpFromLine, Info, Play, RotateCw, ScrollText, Share2, Spline, Square, Trash2, Unlink } from "lucide-react";
import type { Container, DeploymentTarget, Preview } from "@tesslate/contract";
import { type ReactNode } from "react";
import { IconButton } from "../../ui/IconButton.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { ContainerDot, containerLook, canStart, canStop } from "../containers/index.ts";
import { deployProviderNames } from "../deployments/index.ts";
import { AttachContainerButton } from "./AttachContainerButton.tsx";
import { useCanvas } from "./canvas-context.ts";
import { NodeUsage } from "./ContainerUsage.tsx";
import { ConnectButton } from "./ConnectButton.tsx";
import { labelOf, type Link } from "./links.ts";
import { containerIcon, containerSummary, portText, statusWord } from "./node-looks.tsx";
import { ShowButton } from "./ShowButton.tsx";

/** The canvas as lists, for screen readers and small screens, with the same actions. */
export function GraphList({
  containers,
  previews,
  links,
  targets,
}: {
  containers: readonly Container[];
  previews: readonly Preview[];
  links: readonly Link[];
  targets: readonly DeploymentTarget[];
}) {
  return (
    <div {...scrollable} aria-label="Canvas list view" className="scroll-y min-h-0 flex-1 px-4 pt-4 pb-6 focus-visible:-outline-offset-2">
      <div className="mx-auto grid max-w-3xl grid-cols-1 gap-6">
        <List title="Containers" isEmpty={containers.length === 0} empty="No containers yet">
          {containers.map((container) => (
            <ContainerRow key={container.id} container={container} />
          ))}
        </List>
        <List title="Connections" isEmpty={links.length === 0} empty="No connections yet">
          {links.map((link) => (
            <LinkRow key={link.id} link={link} />
          ))}
        </List>
        <List title="Deployment targets" isEmpty={targets.length === 0} empty="No deployment targets yet">
          {targets.map((target) => (
            <TargetRow key={target.id} target={target} />
          ))}
        </List>
        <List title="Previews" isEmpty={previews.length === 0} empty="No previews yet">
          {previews.map((preview) => (
            <PreviewRow key={preview.id} preview={preview} />
          ))}
        </List>
      </div>
    </div>
  );
}

const List = ({ title, isEmpty, empty, children }: { title: string; isEmpty: boolean; empty: string; children: ReactNode }) => (
  <section>
    <h2 className="mb-1.5 text-sm">{title}</h2>
    {isEmpty ? (
      <p className="text-sm text-fg-2">{empty}</p>
    ) : (
      <ul aria-label={title} className="divide-y divide-line-0 rounded-3 border border-line-0 bg-bg-1">
        {children}
      </ul>
    )}
  </section>
);
const row = "flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 px-3 py-1.5 text-sm";

function ContainerRow({ container }: { container: Container }) {
  const { links, nameOf, inspect, runtime, openLogs, remove, serviceOf } = useCanvas();
  const { id, name } = container;
  const service = serviceOf(container.service_slug);
  const look = containerLook(container);
  const uses = links.filter((link) => link.target_container_id === id).map((link) => nameOf(link.source_container_id));
  const gives = links.filter((link) => link.source_container_id === id).map((link) => nameOf(link.target_container_id));
  const facts = [
    containerSummary(container, service),
    uses.length > 0 && `Uses ${uses.join(", ")}`,
    gives.length > 0 && `Used by ${gives.join(", ")}`,
  ].filter(Boolean);
  return (
    <li className={row}>
      <span className="flex-none text-fg-1">{containerIcon(container, service)}</span>
      <div className="min-w-0 flex-1 basis-40">
        <div className="flex items-center gap-2">
          <button
            type="button"
            className="truncate font-medium text-fg-0 hover:underline"
            onClick={() => inspect({ kind: "container", id })}
          >
            {name}
          </button>
          <span className="font-mono text-2xs text-fg-2">{portText(container)}</span>
          <NodeUsage containerId={id} />
        </div>
        <div className="truncate text-xs text-fg-2">{facts.join(" · ")}</div>
      </div>
      <Pill
        isBare
        tone={look.tone}
        isBusy={look.isBusy}
        icon={<ContainerDot status={container.status} needs_restart={container.needs_restart} />}
      >
        {statusWord(container)}
      </Pill>
      <span className="flex">
        {canStart(container) ? (
          <IconButton size="sm" label={`Start ${name}`} disabled={runtime.isActing(id)} onClick={() => runtime.start(id)}>
            <Play size={14} />
          </IconButton>
        ) : null}
        {canStop(container) ? (
          <>
            <IconButton size="sm" label={`Restart ${name}`} disabled={runtime.isActing(id)} onClick={() => runtime.restart(id)}>
              <RotateCw size={14} />
            </IconButton>
            <IconButton size="sm" label={`Stop ${name}`} disabled={runtime.isActing(id)} onClick={() => runtime.stop(id)}>
              <Square size={14} />
            </IconButton>
          </>
        ) : null}
        {container.deployment_mode === "container" ? (
          <IconButton size="sm" label={`Logs of ${name}`} onClick={() => openLogs(id)}>
            <ScrollText size={14} />
          </IconButton>
        ) : null}
        <ConnectButton container={container} />
        <IconButton size="sm" label={`Delete ${name}`} onClick={() => remove([{ kind: "container", id }])}>
          <Trash2 size={14} />
        </IconButton>
      </span>
    </li>
  );
}

function LinkRow({ link }: { link: Link }) {
  const { nameOf, inspect, remove } = useCanvas();
  const [source, target] = [nameOf(link.source_container_id), nameOf(link.target_container_id)];
  const label = labelOf(link);
  return (
    <li className={row}>
      <Spline size={16} className="flex-none text-fg-2" />
      <span className="min-w-0 flex-1 basis-40 truncate">
        <b>{target}</b> uses <b>{source}</b>
        {label ? <span className="ml-2 font-mono text-2xs text-fg-2">{label}</span> : null}
      </span>
      <span className="flex">
        <IconButton size="sm" label={`Details: ${target} uses ${source}`} onClick={() => inspect({ kind: "link", id: link.id })}>
          <Info size={14} />
        </IconButton>
        <IconButton size="sm" label={`Disconnect ${target} from ${source}`} onClick={() => remove([{ kind: "link", id: link.id }])}>
          <Unlink size={14} />
        </IconButton>
      </span>
    </li>
  );
}

function TargetRow({ target }: { target: DeploymentTarget }) {
  const { nameOf, inspect, remove } = useCanvas();
  const { id, name, provider, container_ids: containerIds } = target;
  return (
    <li className={row}>
      <ArrowUpFromLine size={16} className="flex-none text-fg-2" />
      <div className="min-w-0 flex-1 basis-40">
        <button type="button" className="truncate font-medium text-fg-0 hover:underline" onClick={() => inspect({ kind: "target", id })}>
          {name}
        </button>
        <p className="truncate text-xs text-fg-2">
          {containerIds.length === 0
            ? `${deployProviderNames[provider]}, no containers attached`
            : `${deployProviderNames[provider]}, deploys ${containerIds.map(nameOf).join(", ")}`}
        </p>
      </div>
      {target.is_connected ? null : <Pill tone="warn">Not connected</Pill>}
      <span className="flex">
        <AttachContainerButton target={target} />
        <IconButton size="sm" label={`Delete ${name}`} onClick={() => remove([{ kind: "target", id }])}>
          <Trash2 size={14} />
        </IconButton>
      </span>
    </li>
  );
}

function PreviewRow({ preview }: { preview: Preview }) {
  const { nameOf, inspect, share, remove } = useCanvas();
  const { id } = preview;
  const shown = preview.connected_container_id === null ? undefined : nameOf(preview.connected_container_id);
  return (
    <li className={row}>
      <AppWindow size={16} className="flex-none text-fg-2" />
      <button
        type="button"
        className="min-w-0 flex-1 basis-40 truncate text-left hover:underline"
        onClick={() => inspect({ kind: "preview", id })}
      >
        <b>{shown ?? "No app selected"}</b> <span className="font-mono text-xs text-fg-2">{preview.current_path}</span>
      </button>
      <span className="flex">
        {shown ? (
          <IconButton size="sm" label={`Share preview of ${shown}`} onClick={() => share(preview)}>
            <Share2 size={14} />
          </IconButton>
        ) : null}
        <ShowButton preview={preview} />
        <IconButton
          size="sm"
          label={shown ? `Delete preview of ${shown}` : "Delete empty preview"}
          onClick={() => remove([{ kind: "preview", id }])}
        >
          <Trash2 size={14} />
        </IconButton>
      </span>
    </li>
  );
}
