import type { PreviewState, ProjectInfo } from "@tesslate/agent";
import type { Sandbox } from "@tesslate/runtime";
import type { PreviewReport } from "@tesslate/contract";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import type { ChatStore } from "../chats/index.ts";

const logLines = 30;
const reports = 50;
const maxLine = 500;

export interface ProjectContext {
  info(): Promise<ProjectInfo>;
  preview(): Promise<PreviewState>;
  /** Lines for the environment section of the prompt. */
  environment(): Promise<string[]>;
}

/** What the agent learns about the project beside its files: containers, URLs, the state of the preview. Never values of environment variables. */
export function createProjectContext({
  project,
  scope,
  store,
  sandbox,
  redactor,
  previewUrl,
}: {
  project: ProjectRow;
  /** The container that the message is limited to. */
  scope: ContainerRow | undefined;
  store: ChatStore;
  sandbox: Sandbox;
  /** For output of the project's programs and pages. */
  redactor: LiveRedactor;
  previewUrl: (hostLabel: string) => string;
}): ProjectContext {
  const mainContainer = async (): Promise<ContainerRow | undefined> => {
    if (scope) return (await store.findContainer(project.id, scope.id)) ?? scope;
    const all = (await store.listContainers(project.id)).filter((c) => c.container_type === "base");
    return all.find((c) => c.status === "running") ?? all[0];
  };
  /** Redacts before it truncates, because part of a value is not recognized. */
  const redacted = (text: string) => cut(redactor.current.redact(text));
  return {
    info: async () => ({
      id: project.id,
      name: project.name,
      description: project.description ?? "",
      owner_id: project.owner_id,
      created_at: project.created_at,
      updated_at: project.updated_at,
      containers: (await store.listContainers(project.id)).map((c) => ({
        name: c.name,
        directory: c.directory,
        framework: c.framework,
        status: c.status,
        port: c.port ?? c.internal_port,
        url: c.container_type === "base" ? previewUrl(c.host_label) : null,
        env_names: c.env_var_keys,
      })),
    }),
    preview: async () => {
      const container = await mainContainer();
      if (!container) return { url: null, status: "no container", console_errors: [], last_logs: [] };
      const seen = (await store.listPreviewReports(project.id, reports))
        .map((r) => r.data as unknown as PreviewReport)
        .filter((r) => r.container_id === container.id)
        .toReversed();
      // Only reports since the page was last loaded.
      const since = seen.slice(seen.findLastIndex((r) => r.kind === "navigation") + 1);
      const address = seen.findLast((r) => r.kind === "navigation")?.url;
      const base = container.container_type === "base" ? previewUrl(container.host_label) : null;
      return {
        // Comes from the running app, so it may be anything.
        url: base && address ? (URL.parse(address, base)?.href ?? base) : base,
        status: container.status_message ? redacted(`${container.status}: ${container.status_message}`) : container.status,
        console_errors: since
          .filter((r) => r.kind === "error" || (r.kind === "console" && r.level === "error"))
          .map((r) => redacted([r.message, r.source && `at ${r.source}:${r.line ?? "?"}`].filter(Boolean).join(" "))),
        failed_requests: since
          .filter((r) => r.kind === "request")
          .map((r) => redacted(`${r.method ?? "GET"} ${r.url ?? ""} -> ${r.status || "failed"}`)),
        last_logs: (await tail(sandbox, container.service_key)).map(redacted),
      };
    },
    environment: async () => {
      const container = await mainContainer();
      return container ? [`Container: ${container.name} (${container.status})`] : [];
    },
  };
}

const cut = (text: string) => (text.length > maxLine ? `${text.slice(0, maxLine)}…` : text);

async function tail(sandbox: Sandbox, service: string): Promise<string[]> {
  if (!(await sandbox.services()).some((s) => s.name === service)) return [];
  const lines: string[] = [];
  for await (const { line } of sandbox.logs(service, { tail: logLines })) lines.push(line);
  return lines;
}
