import { bindRoutes } from "@tesslate/client/core";
import type { Container, Contract, PresentPerson, Project, UsageFrame } from "@tesslate/contract";
import { routes } from "@tesslate/client/routes";
import type { Services } from "../../src/project/services.ts";
import { fileText, ids, modelList } from "./bakery.ts";
import { cannedCatalogue } from "./canvas-scenarios.ts";
import { cannedDeployments, cannedLaunchSettings, cannedLines, cannedPlan, cannedProviders, cannedTargets } from "./deploy-scenarios.ts";
import samplePage from "./sample-app.html?raw";
import { cannedCheckpoints, cannedCopies, cannedFilesCopy, cannedRuns, cannedSnapshots } from "./history.ts";
import type { Scenario } from "./scenarios.ts";

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
const list = (items: readonly unknown[]) => json({ items, total: items.length, page: 1, total_pages: 1 });
const never = new Promise<Response>(() => undefined);

const laterMs = 800;

/** An event stream that says `events` at once, `later` a moment after, and then stays open. */
function eventStream(events: readonly unknown[], signal: AbortSignal | null | undefined, later: readonly unknown[] = []): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(out) {
      out.enqueue(encoder.encode(": keepalive\n\n"));
      const say = (event: unknown) => out.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`));
      events.forEach(say);
      const timer = setTimeout(() => later.forEach(say), laterMs);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        out.error(new DOMException("aborted", "AbortError"));
      });
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

export const projectOf = (scenario: Scenario): Project => ({
  id: ids.project,
  name: "Alder Street Bakery",
  slug: "alder-street-bakery",
  description: null,
  owner_id: ids.project,
  network_name: null,
  created_at: "2025-03-12T09:00:00Z",
  updated_at: "2025-03-14T14:04:00Z",
  environment_status: "active",
  stop_reason: null,
  hibernated_at: null,
  status: "running",
  has_git_repo: false,
  git_remote_url: null,
  deploy_type: "development",
  branch_of: null,
  is_deployed: false,
  deployed_at: null,
  last_activity: null,
  settings: null,
  template_slug: null,
  pinned_at: null,
  thumbnail: null,
  ...scenario.project,
});

/** Answers like a server would for one scenario; every other call waits for ever. Nothing leaves the page. */
export function cannedServices(scenario: Scenario): Services {
  const project = projectOf(scenario);
  const page = URL.createObjectURL(new Blob([samplePage], { type: "text/html" }));
  const deployments = cannedDeployments[scenario.id] ?? [];
  const deploymentAnswer = (method: string, path: string, body: unknown): Response | undefined => {
    if (path === `/api/deployments/${project.id}`) return list(deployments);
    if (path === "/api/deployments/plan")
      return json(cannedPlan((JSON.parse(String(body)) as { provider: "local" | "vercel" | "netlify" | "cloudflare" }).provider));
    if (path === `/api/deployment-targets/${project.id}`) return list(scenario.id === "canvas" ? cannedTargets : []);
    if (path.startsWith("/api/deployment-targets/") && path.endsWith("/history")) return list(cannedDeployments["deploys"] ?? []);
    if (path === "/api/deployment-credentials") return json({ items: [], total: 0, page: 1, total_pages: 1, providers: cannedProviders });
    if (path === `/api/projects/${project.id}/launch-settings` && method === "GET") return json(cannedLaunchSettings);
    return undefined;
  };
  const answer = (method: string, path: string, signal: AbortSignal | null | undefined, body: unknown): Response | Promise<Response> => {
    const fails = (name: string) => scenario.failing?.includes(name);
    const broken = () => json({ detail: "The database does not answer.", code: "unavailable", request_id: "req-0042" }, 503);
    const deploy = deploymentAnswer(method, path, body);
    if (deploy) return deploy;
    if (path.startsWith("/api/deployments/") && path.endsWith("/stream")) {
      const known = deployments.find(({ id }) => path.includes(id));
      const said = cannedLines.map((data) => ({ type: "log", data }));
      const over = known && ["success", "failed"].includes(known.status);
      return eventStream(over ? [...said, { type: "done", data: { status: known.status, error: known.error } }] : said, signal);
    }
    const under = `/api/projects/${project.id}`;
    if (method === "GET") {
      if (scenario.hanging?.some((name) => path === `${under}/${name}`)) return never;
      if (path === `${under}/events`) return eventStream(scenario.events, signal, scenario.later);
      if (path === `${under}/containers`) return list(scenario.containers);
      if (path === `${under}/previews`) return list(scenario.previews ?? []);
      if (path === `${under}/connections`) return fails("connections") ? broken() : list(scenario.connections ?? []);
      if (path === `${under}/restore-files`) return json(cannedFilesCopy(scenario.id));
      if (path === `${under}/snapshots`)
        return json({ items: cannedSnapshots, total: 1, page: 1, total_pages: 1, max_snapshots: 20, copies: cannedCopies });
      if (path === `${under}/checkpoints`) return list(cannedCheckpoints);
      if (path === `${under}/runs`) return list(cannedRuns);
      if (path === `${under}/branches`) return list(scenario.branches ?? []);
      if (path === "/api/marketplace/services") return list(cannedCatalogue);
      if (path === "/api/projects/templates") return list([]);
      if (path.startsWith(`${under}/containers/`) && !path.endsWith("/logs")) {
        const found = scenario.containers.find(({ id }) => path.endsWith(id));
        if (found) return json({ ...found, injected_env_vars: [] });
      }
      if (path === `${under}/file-tree`) return fails("tree") ? broken() : json({ entries: scenario.tree });
      if (path === "/api/mcp/servers") return list([]);
      if (path === "/api/tasks") return list(scenario.tasks);
      if (path === "/api/chat/sessions")
        return list(
          scenario.entries.length > 0
            ? [
                {
                  id: ids.chat,
                  project_id: project.id,
                  title: "Pick-up slots",
                  origin: "browser",
                  status: "active",
                  created_at: project.created_at,
                  updated_at: project.updated_at,
                  message_count: 2,
                },
              ]
            : [],
        );
      if (path === `/api/chat/${ids.chat}/transcript`)
        return fails("chat") ? broken() : json({ entries: scenario.entries, before: null, todos: [], rewound: [] });
      if (path.startsWith(`${under}/files/`)) {
        const name = decodeURIComponent(path.slice(`${under}/files/`.length));
        return json({
          id: ids.api,
          project_id: project.id,
          path: name,
          is_directory: false,
          size: fileText.length,
          etag: `e-${name}`,
          is_binary: false,
          encoding: "utf-8",
          content: fileText,
          updated_at: project.updated_at,
        });
      }
      if (path === "/api/shell/sessions") return list([]);
      if (path === "/api/marketplace/models")
        return json({ items: modelList, total: 3, page: 1, total_pages: 1, default: modelList[0]?.id ?? null, external_providers: [] });
      if (path === "/api/models/preferences") return json({ fallback_models: null, max_cost_cents: 50, own_key_day_cents: null });
      if (path.includes("/logs"))
        return eventStream(
          ["vite v8.3.8 dev server running at :5173", "GET /order 200 in 6 ms", "POST /orders 409 slot 08:00 is full"].map((line, seq) => ({
            seq: seq + 1,
            type: "log",
            data: { line, stream: seq === 2 ? "stderr" : "stdout", ts: "2025-03-14T14:04:10Z" },
          })),
          signal,
        );
    }
    if (method === "POST" && path === `${under}/preview-ticket`) return json({ url: page, expires_in: 30 }, 201);
    if (method === "POST" && path === "/api/chat/estimate")
      return json({
        model: modelList[1]?.id ?? "",
        tokens_in: 6_240,
        context_window: 200_000,
        likely_tokens_in: 48_200,
        likely_tokens_out: 3_900,
        likely_cost_cents: 11.7,
        own_key_cents: null,
        cost_limit_cents: 50,
        is_byok: false,
        is_price_known: true,
        basis: "your_runs",
      });
    if (method === "PUT" && path.startsWith(`${under}/files/`)) return json({ etag: crypto.randomUUID() });
    if (method === "POST" && path === "/api/chat/agent/approval") return json({ approval_id: ids.run, response: "deny" });
    return never;
  };
  const fetch = async (url: string, init: RequestInit) => answer(init.method ?? "GET", url.split("?")[0] ?? "", init.signal, init.body);
  const api = bindRoutes<Contract>(routes, { fetch });
  return {
    api,
    uploading: () => api,
    openSocket: (path) => {
      if (path.endsWith("/presence/ws")) return cannedSocket([{ type: "people", data: [cannedVisitor] }]);
      if (path.endsWith("/usage/ws")) return cannedSocket(cannedUsage(scenario.containers));
      throw new Error("There are no shells here.");
    },
    connection: { reportStream: () => undefined },
  };
}

const cannedVisitor: PresentPerson = {
  user_id: "0a000000-0000-4000-8000-0000000000be",
  name: "Jonas Lind",
  username: "jonas",
  avatar_url: null,
  is_administrator: true,
  view: "code",
  file: "src/routes/order.tsx",
};

/** Two minutes of measurements of what runs. */
function cannedUsage(containers: readonly Container[]): UsageFrame[] {
  const running = containers.filter(({ status }) => status === "running");
  return Array.from({ length: 60 }, (_, at) => ({
    type: "usage",
    data: {
      measured_at: new Date(Date.UTC(2025, 2, 14, 14, 4, 2 * at)).toISOString(),
      containers: running.map(({ id }, index) => ({
        container_id: id,
        memory_bytes: 1e6 * (38 + 24 * index + Math.round(4 * Math.sin(at / 5))),
        cpu_percent: at === 0 ? null : Math.round(10 * (1 + index + 6 * Math.max(0, Math.sin(at / 4)))) / 10,
        processes: 3,
      })),
      limits: { memory_bytes: 2e9, cpus: 2 },
    },
  }));
}

/** A socket that says this once it is open, and stays open. */
function cannedSocket(frames: readonly object[]): WebSocket {
  const socket: Pick<WebSocket, "readyState" | "send" | "close" | "onopen" | "onmessage" | "onclose"> = {
    readyState: WebSocket.OPEN,
    send: () => undefined,
    close: () => undefined,
    onopen: null,
    onmessage: null,
    onclose: null,
  };
  setTimeout(() => {
    socket.onopen?.call(socket as WebSocket, new Event("open"));
    for (const frame of frames) socket.onmessage?.call(socket as WebSocket, new MessageEvent("message", { data: JSON.stringify(frame) }));
  });
  return socket as WebSocket;
}
