import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { AdminProjectDetail } from "@tesslate/contract";
import { formatBytes } from "../../lib/bytes.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { toast } from "../../ui/toast.tsx";
import { containerLook } from "../containers/index.ts";
import { adminProjectQuery, useProjectActions } from "./administration.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { PanelField, PanelSection, SidePanel } from "./SidePanel.tsx";
import { TimeOrNever, State } from "./State.tsx";
import { environmentLooks } from "./state-words.ts";

const route = getRouteApi("/app/admin/projects/$projectId");

/** Details of one project, next to the list. */
export function ProjectPanel() {
  const { projectId } = route.useParams();
  const navigate = useNavigate();
  const query = useQuery(adminProjectQuery(projectId));
  const close = () => void navigate({ to: "/admin/projects", search: (before) => before });
  return (
    <SidePanel
      label="Project"
      failed="Couldn't load this project"
      query={query}
      head={({ name, owner_username }) => ({ title: name, below: `Owner: ${owner_username}` })}
      gone={{ title: "Project not found", text: "It may have been deleted." }}
      onClose={close}
    >
      {(project) => <Body key={project.id} project={project} onGone={close} />}
    </SidePanel>
  );
}

function Body({ project, onGone }: { project: AdminProjectDetail; onGone: () => void }) {
  return (
    <>
      <dl className="grid grid-cols-1 gap-1.5 px-4 py-3 text-xs">
        <PanelField name="State">
          <State look={environmentLooks[project.environment_status]} />
        </PanelField>
        <PanelField name="Owner">
          <span title={project.owner_email}>{project.owner_email}</span>
        </PanelField>
        <PanelField name="Slug">{project.slug}</PanelField>
        <PanelField name="ID">
          <span className="inline-flex items-center gap-1 font-mono">
            {project.id.slice(0, 8)}
            <CopyButton text={project.id} label="Copy ID" />
          </span>
        </PanelField>
        <PanelField name="Template">{project.template_slug ?? "None"}</PanelField>
        <PanelField name="Size">{project.disk_bytes === null ? "Unknown" : formatBytes(project.disk_bytes)}</PanelField>
        <PanelField name="Always-on">{project.is_deployed ? "On" : "Off"}</PanelField>
        <PanelField name="Chats">{formatNumber(project.chat_count)}</PanelField>
        <PanelField name="Active runs">{formatNumber(project.active_runs)}</PanelField>
        <PanelField name="Last copy">{project.copied_until === null ? "None" : <RelativeTime at={project.copied_until} />}</PanelField>
        {project.copy_due_since === null ? null : (
          <PanelField name="Next copy due">
            <span>
              <RelativeTime at={project.copy_due_since} />
              {project.copy_error === null ? null : <span className="block text-warn">{project.copy_error}</span>}
            </span>
          </PanelField>
        )}
        <PanelField name="Last activity">
          <TimeOrNever at={project.last_activity} />
        </PanelField>
        <PanelField name="Created">
          <TimeOrNever at={project.created_at} />
        </PanelField>
      </dl>
      <PanelSection title={`Containers: ${project.containers.length}`}>
        {project.containers.length === 0 ? (
          <p className="text-xs text-fg-2">No containers</p>
        ) : (
          <ul className="grid grid-cols-1 gap-1.5 text-xs">
            {project.containers.map((container) => (
              <li key={container.id} className="flex justify-between gap-3" title={container.status_message ?? undefined}>
                <span className="min-w-0 truncate text-fg-0">
                  {container.name} <span className="text-fg-2">{container.framework}</span>
                </span>
                <State look={lookOf(container)} />
              </li>
            ))}
          </ul>
        )}
      </PanelSection>
      <PanelSection title="Actions">
        <ProjectActions project={project} onGone={onGone} />
      </PanelSection>
    </>
  );
}

function lookOf(container: AdminProjectDetail["containers"][number]) {
  const { word, tone, shape } = containerLook(container);
  return { label: word, tone, dot: shape };
}

function ProjectActions({ project, onGone }: { project: AdminProjectDetail; onGone: () => void }) {
  const [asked, setAsked] = useState<"stop" | "delete">();
  const actions = useProjectActions(project.id);
  const isUp =
    project.active_runs > 0 ||
    project.environment_status === "active" ||
    project.environment_status === "starting" ||
    project.containers.some(({ status }) => status === "running" || status === "starting" || status === "frozen");
  if (project.environment_status === "deleting") return <p className="text-xs text-fg-2">This project is being deleted.</p>;
  return (
    <div className="flex flex-wrap gap-1.5">
      {isUp ? (
        <Button size="sm" onClick={() => setAsked("stop")}>
          Stop project…
        </Button>
      ) : null}
      <Button size="sm" variant="danger" onClick={() => setAsked("delete")}>
        Delete project…
      </Button>
      {asked === "stop" ? (
        <StopDialog name={project.name} onStop={(reason) => actions.stop.mutateAsync(reason)} onClose={() => setAsked(undefined)} />
      ) : null}
      {asked === "delete" ? (
        <ReasonDialog
          title={`Delete ${project.name}?`}
          confirmLabel="Delete project"
          loadingWord="Deleting project…"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await actions.remove.mutateAsync(reason);
            toast(`${project.name} is being deleted.`);
            onGone();
          }}
        >
          This deletes the project of {project.owner_username} with its files, chats, snapshots and secrets. This can't be undone.
        </ReasonDialog>
      ) : null}
    </div>
  );
}

/** Confirms stopping a project and requires a reason. */
export function StopDialog({ name, onStop, onClose }: { name: string; onStop: (reason: string) => Promise<unknown>; onClose: () => void }) {
  return (
    <ReasonDialog
      title={`Stop ${name}?`}
      confirmLabel="Stop project"
      loadingWord="Stopping project…"
      onClose={onClose}
      onConfirm={async (reason) => {
        await onStop(reason);
        toast(`${name} stopped.`);
      }}
    >
      This stops the agent and all containers of the project. Files aren't affected. The owner sees that an administrator stopped the
      project and can start it again.
    </ReasonDialog>
  );
}
