import { KeyRound, Play, RotateCw, ScrollText, Square, Trash2 } from "lucide-react";
import type { Container, Task } from "@tesslate/contract";
import { useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { TabPanel, Tabs } from "../../ui/Tabs.tsx";
import { toast } from "../../ui/toast.tsx";
import { ContainerDot, containerLook, canStart, canStop } from "../containers/index.ts";
import { useCanvas } from "./canvas-context.ts";
import { ContainerDeploys } from "./ContainerDeploys.tsx";
import { UsageSection } from "./ContainerUsage.tsx";
import { CredentialsForm } from "./CredentialsForm.tsx";
import { EnvTab } from "./EnvTab.tsx";
import { DetailField, DetailSection } from "./Facts.tsx";
import { InlineEdit } from "./InlineEdit.tsx";
import { LinkRows } from "./LinkRows.tsx";
import { lacksCredentials, statusWord } from "./node-looks.tsx";
import { Touched } from "./Touched.tsx";
import { useContainer } from "./use-container.ts";

/** Details of a container: status, URL, connections, variables, deployments. */
export function ContainerDetails({ container, tasks }: { container: Container; tasks: readonly Task[] }) {
  const { projectId } = useCanvas();
  const [tab, setTab] = useState("overview");
  const { full, update, setCredentials, rename } = useContainer(projectId, container);
  const look = containerLook(container);
  const injected = full.data?.injected_env_vars ?? [];
  return (
    <>
      <div className="flex flex-none flex-wrap items-center gap-2 px-4 pb-2">
        <Pill
          tone={look.tone}
          isBusy={look.isBusy}
          icon={<ContainerDot status={container.status} needs_restart={container.needs_restart} />}
        >
          {statusWord(container)}
        </Pill>
        {container.last_started_at && container.status === "running" ? (
          <span className="text-xs text-fg-2">
            Started <RelativeTime at={container.last_started_at} />
          </span>
        ) : null}
      </div>
      <Tabs
        size="dock"
        label={`Details of ${container.name}`}
        value={tab}
        onChange={setTab}
        className="flex-1"
        tabs={[
          { value: "overview", label: "Overview" },
          { value: "env", label: "Variables", count: container.env_vars_count + injected.length },
          ...(container.container_type === "base" ? [{ value: "deploys", label: "Deployments" }] : []),
        ]}
      >
        <TabPanel value="overview" className="scroll-y">
          <Overview container={container} tasks={tasks} onUpdate={update} onCredentials={setCredentials} onRename={rename} />
        </TabPanel>
        <TabPanel value="env" className="scroll-y">
          <EnvTab container={container} injected={injected} onUpdate={update} />
        </TabPanel>
        <TabPanel value="deploys" className="scroll-y">
          <ContainerDeploys container={container} onUpdate={update} />
        </TabPanel>
      </Tabs>
    </>
  );
}

function Overview({
  container,
  tasks,
  onUpdate,
  onCredentials,
  onRename,
}: {
  container: Container;
  tasks: readonly Task[];
  onUpdate: ReturnType<typeof useContainer>["update"];
  onCredentials: ReturnType<typeof useContainer>["setCredentials"];
  onRename: ReturnType<typeof useContainer>["rename"];
}) {
  const { runtime, openLogs, remove } = useCanvas();
  const { id, name, url } = container;
  const isActing = runtime.isActing(id);
  const isOurs = container.deployment_mode === "container";
  const port = container.internal_port ?? container.port;
  const folder = container.directory === "." ? "/" : `/${container.directory}`;
  const outputs = Object.entries(container.service_outputs ?? {});
  return (
    <>
      {isOurs ? (
        <div className="flex flex-wrap gap-1.5 px-4 pt-3">
          {canStart(container) ? (
            <Button size="sm" icon={<Play size={14} />} disabled={isActing} onClick={() => runtime.start(id)}>
              Start
            </Button>
          ) : null}
          {canStop(container) ? (
            <>
              <Button size="sm" icon={<RotateCw size={14} />} disabled={isActing} onClick={() => runtime.restart(id)}>
                Restart
              </Button>
              <Button size="sm" icon={<Square size={14} />} disabled={isActing} onClick={() => runtime.stop(id)}>
                Stop
              </Button>
            </>
          ) : null}
          <Button size="sm" variant="ghost" icon={<ScrollText size={14} />} onClick={() => openLogs(id)}>
            Logs
          </Button>
        </div>
      ) : null}
      {container.status === "failed" && container.status_message ? (
        <p role="alert" className="mx-4 mt-3 rounded-2 bg-err-soft px-3 py-2 text-xs text-err">
          {container.status_message}
        </p>
      ) : null}
      <dl className="px-4 py-3">
        <DetailField label="Name">
          <InlineEdit label="name" value={name} onSave={(next) => onUpdate({ name: next })} />
        </DetailField>
        {isOurs ? (
          <DetailField label="Port">
            <InlineEdit
              label="port"
              isMono
              inputMode="numeric"
              value={port === null ? "" : String(port)}
              onSave={async (text) => {
                const next = Number(text);
                return Number.isInteger(next) && next >= 1 && next <= 65_535
                  ? onUpdate({ port: next })
                  : "A port is a number from 1 to 65535.";
              }}
            />
          </DetailField>
        ) : (
          <DetailField label="Endpoint">
            <InlineEdit
              label="endpoint"
              isMono
              inputMode="url"
              value={container.external_endpoint ?? ""}
              shown={container.external_endpoint ?? "Default"}
              onSave={(next) => onUpdate({ external_endpoint: next || null })}
            />
          </DetailField>
        )}
        {url ? (
          <DetailField label="URL">
            <span className="flex items-center gap-1">
              <span className="min-w-0 truncate font-mono" title={url}>
                {url.replace(/^https?:\/\//, "")}
              </span>
              <CopyButton text={url} label="Copy URL" />
            </span>
          </DetailField>
        ) : null}
        <DetailField label="Folder">
          {isOurs ? (
            <InlineEdit
              label="folder"
              isMono
              value={name}
              shown={folder}
              hint="Renames the container, its folder, host name and URL. The container restarts if it's running."
              onSave={onRename}
            />
          ) : (
            <span className="font-mono">{folder}</span>
          )}
        </DetailField>
      </dl>
      {isOurs ? null : <CredentialsPart container={container} onCredentials={onCredentials} />}
      <UsageSection container={container} />
      <LinkRows container={container} />
      {outputs.length > 0 ? (
        <DetailSection title="Provided variables">
          <ul className="grid gap-1.5 text-xs">
            {outputs.map(([key, meaning]) => (
              <li key={key}>
                <span className="font-mono text-fg-0">{key}</span>
                <span className="block text-fg-2">{meaning}</span>
              </li>
            ))}
          </ul>
        </DetailSection>
      ) : null}
      <Touched container={container} tasks={tasks} />
      <div className="border-t border-line-0 px-4 py-3">
        <Button size="sm" variant="danger" icon={<Trash2 size={14} />} onClick={() => remove([{ kind: "container", id }])}>
          Delete {name}
        </Button>
      </div>
    </>
  );
}

/** Whether an external service has its credentials, and the form to replace them. */
function CredentialsPart({
  container,
  onCredentials,
}: {
  container: Container;
  onCredentials: ReturnType<typeof useContainer>["setCredentials"];
}) {
  const { serviceOf } = useCanvas();
  const [isEntering, setIsEntering] = useState(false);
  const service = serviceOf(container.service_slug);
  if (!service || service.credential_fields.length === 0) return null;
  const isLacking = lacksCredentials(container, service);
  if (isEntering)
    return (
      <div className="border-t border-line-0 px-1">
        <CredentialsForm
          service={service}
          submitLabel="Save credentials"
          onBack={() => setIsEntering(false)}
          onSave={async (values) => {
            const reason = await onCredentials(values);
            if (reason === undefined) {
              setIsEntering(false);
              toast(`Credentials of ${container.name} saved.`);
            }
            return reason;
          }}
        />
      </div>
    );
  return (
    <DetailSection title="Credentials">
      <p className={isLacking ? "mb-1.5 text-xs text-warn" : "mb-1.5 text-xs text-fg-2"}>
        {isLacking ? "Required before other containers can use this service." : "Encrypted on this server. Never shown again."}
      </p>
      <Button size="sm" icon={<KeyRound size={14} />} onClick={() => setIsEntering(true)}>
        {isLacking ? "Enter credentials" : "Replace credentials"}
      </Button>
    </DetailSection>
  );
}
