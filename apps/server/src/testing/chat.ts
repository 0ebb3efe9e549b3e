import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { inject, vi } from "vitest";
import WebSocket from "ws";
import type { ApprovalResponse, RunEvent, RunEventType, SendMessage } from "@tesslate/contract";
import { createRuntime, stopRuntimesBelow, type RuntimeDriver, type Sandbox } from "@tesslate/runtime";
import { startModelServer, script, type ModelServer, type ModelServerOptions, type ScriptItem } from "@tesslate/testkit";
import { createLogger } from "../platform/logger.ts";
import { sharedView, testApp, type TestApp, type TestAppOptions, type TestUser } from "./app.ts";
import { onServer } from "./postgres.ts";
import { emptyProject } from "./sandbox.ts";
import { spawnStudio, type SpawnedStudio } from "./spawned-studio.ts";
import { temporaryFolder } from "./temporary.ts";
import { oncePerWorker, onePerWorker } from "./worker.ts";

/** A key that must never appear in output. */
export const plantedKey = "sk-planted-secret-key-0123456789";

/** State that survives a process: database, sandboxes, data folder. */
export interface ServerState extends AsyncDisposable {
  database: string;
  dataDir: string;
  runtimeDir: string;
}
/** `own`: a separate database server. */
async function createState(own: TestAppOptions["server"]): Promise<ServerState> {
  const { server: usual, template, prefix } = inject("postgres");
  const server = own ?? usual;
  const database = `${prefix}_${randomBytes(5).toString("hex")}`;
  const copy = own ? "" : `template ${template} strategy file_copy`;
  await onServer(server, (client) => client.query(`create database ${database} ${copy}`));
  const [dataDir, runtimeDir] = [temporaryFolder("data"), temporaryFolder("runtime")];
  return {
    database,
    dataDir,
    runtimeDir,
    [Symbol.asyncDispose]: async () => {
      await onServer(server, (client) => client.query(`drop database if exists ${database} with (force)`));
      // Services keep running after their server exits.
      await stopRuntimesBelow(runtimeDir);
      for (const dir of [dataDir, runtimeDir]) await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export interface ChatWorld extends AsyncDisposable {
  app: TestApp;
  model: ModelServer;
  owner: TestUser;
  project: { id: string; slug: string };
  runtime: RuntimeDriver;
  sandbox: Sandbox;
  state: ServerState;
  /** Sends a message and streams the events. */
  send(message: string, more?: Partial<SendMessage>): AsyncIterable<RunEvent>;
  /** Sends a message and waits for the end of the run. */
  run(message: string, more?: Partial<SendMessage>): Promise<RunEvent[]>;
  /** Content of a file. */
  read(path: string): Promise<string | undefined>;
}
export interface ChatWorldOptions {
  /** A separate server without special settings, e.g. because the test stops or restarts it. */
  ownServer?: boolean;
  script?: ScriptItem[];
  model?: ModelServerOptions;
  env?: Record<string, string>;
  /** Without it no model is configured. */
  hasModel?: boolean;
  swap?: TestAppOptions["swap"];
  configure?: TestAppOptions["configure"];
  /** Address of the database server, when a proxy is in between. */
  server?: TestAppOptions["server"];
  /** A separate database server. */
  postgres?: TestAppOptions["server"];
  longestOutageMs?: number;
  /** Continue with the state of an earlier process. */
  after?: Pick<ChatWorld, "state" | "model" | "owner" | "project">;
}

/**
 * The product with a scripted model behind a real socket, one user and one empty project on a real runtime. Server, runtime and model are
 * shared by the tests of a worker that follow each other with the same settings; `ownServer`, `swap`, `configure` and `after` bring others.
 */
export async function chatWorld({ script: items = [], model, ...rest }: ChatWorldOptions = {}): Promise<ChatWorld> {
  const answers = { apiKey: plantedKey, ...model, script: script(items) };
  const { env, hasModel, ...own } = rest;
  if (Object.keys(own).length > 0) return ownChatWorld(answers, rest);
  const open = () => openChatServer(answers, rest);
  const settings = JSON.stringify({ env, hasModel });
  const [server, release] = settings === "{}" ? [await oncePerWorker("chat", open)] : await onePerWorker("chat with", settings, open);
  server.model.reset(answers);
  const world = await enter({ ...server, app: sharedView(server.app) });
  return {
    ...world,
    [Symbol.asyncDispose]: async () => {
      await leave(world);
      release?.();
    },
  };
}

type ChatServer = Pick<ChatWorld, "app" | "model" | "runtime" | "state"> & AsyncDisposable;

async function ownChatWorld(answers: ModelServerOptions, options: Omit<ChatWorldOptions, "script" | "model">): Promise<ChatWorld> {
  return enter(await openChatServer(answers, options), options.after);
}

async function openChatServer(answers: ModelServerOptions, options: Omit<ChatWorldOptions, "script" | "model">): Promise<ChatServer> {
  const model = options.after?.model ?? (await startModelServer(answers));
  const state = options.after?.state ?? (await createState(options.postgres));
  const server = options.server ?? options.postgres;
  const runtime = await createRuntime({
    driver: "auto",
    dataDir: state.runtimeDir,
    machine: inject("machine"),
    log: createLogger("silent"),
  });
  const app = await testApp({
    env: { ...(options.hasModel !== false && modelEnv(model)), ...options.env },
    swap: { runtime, ...options.swap },
    ...(options.configure && { configure: options.configure }),
    ...(server && { server }),
    ...(options.longestOutageMs !== undefined && { longestOutageMs: options.longestOutageMs }),
    database: state.database,
    dataDir: state.dataDir,
  });
  return {
    app,
    model,
    runtime,
    state,
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await model.close();
      await state[Symbol.asyncDispose]();
    },
  };
}

/** A user with a project, new or existing. */
async function enter(server: ChatServer, before?: Pick<ChatWorld, "owner" | "project">): Promise<ChatWorld> {
  const { app, runtime } = server;
  const owner = before?.owner ?? (await app.signUp({ name: "Ada" }));
  const project = before?.project ?? (await emptyProject(app, owner));
  const send = (message: string, more: Partial<SendMessage> = {}) =>
    app.as(owner).chat.stream({ body: { project_id: project.id, message, edit_mode: "allow", ...more } });
  const sandbox = await runtime.open({ id: project.id });
  return {
    ...server,
    owner,
    project,
    sandbox,
    send,
    run: (message, more) => all(send(message, more)),
    read: (path) =>
      sandbox.files.read(path).then(
        ({ data }) => new TextDecoder().decode(data),
        () => undefined,
      ),
  };
}

/** Stops what the test left running in its project. */
async function leave({ app, owner, project, runtime }: ChatWorld): Promise<void> {
  // Nothing runs for a suspended user.
  if ((await app.request("/api/users/me", { user: owner })).status === 401) return runtime.remove(project.id);
  const { items } = await app.as(owner).projects.list({ query: {} });
  if (!items.some(({ id }) => id === project.id)) return;
  const { active } = await app.as(owner).chat.active({ query: { project_id: project.id } });
  if (active) {
    await app.as(owner).chat.cancel({ body: { task_id: active.task_id } });
    for await (const { data } of app.as(owner).tasks.events({ params: { task_id: active.task_id } })) if (data.completed_at) break;
  }
  await runtime.remove(project.id);
}

export const modelEnv = (model: ModelServer): Record<string, string> => ({
  OPENAI_BASE_URL: model.openai_base_url,
  OPENAI_API_KEY: plantedKey,
  DEFAULT_MODELS: "openai/scripted",
});

export async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

/** Reads a stream in the background. */
export function collect(events: AsyncIterable<RunEvent>) {
  const seen: RunEvent[] = [];
  let wake = () => {};
  const ended = (async () => {
    for await (const event of events) {
      seen.push(event);
      wake();
    }
    return seen;
  })();
  ended.catch(() => undefined);
  return {
    seen,
    ended,
    /** The first event of that type, past or future. */
    until: async <T extends RunEventType>(type: T, timeoutMs = 30_000): Promise<Extract<RunEvent, { type: T }>> => {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const found = seen.find((event) => event.type === type);
        if (found) return found as Extract<RunEvent, { type: T }>;
        if (Date.now() > deadline) throw new Error(`no ${type} within ${timeoutMs} ms; seen: ${seen.map((e) => e.type).join(", ")}`);
        await Promise.race([new Promise<void>((resolve) => (wake = resolve)), sleep(50)]);
      }
    },
  };
}

/** The event order of a run, with adjacent text merged. */
export const orderOf = (events: RunEvent[]): RunEventType[] =>
  events
    .map((event) => event.type)
    .filter((type, i, types) => (type !== "text_chunk" && type !== "reasoning_chunk") || types[i - 1] !== type);
export const find = <T extends RunEventType>(events: RunEvent[], type: T) =>
  events.find((event) => event.type === type) as Extract<RunEvent, { type: T }> | undefined;
export const findAll = <T extends RunEventType>(events: RunEvent[], type: T) =>
  events.filter((event) => event.type === type) as Extract<RunEvent, { type: T }>[];
export const textOf = (events: RunEvent[]) => events.map((event) => (event.type === "text_chunk" ? event.data.content : "")).join("");

export const answer = (world: Pick<ChatWorld, "app">, user: TestUser, approval_id: string, response: ApprovalResponse, note?: string) =>
  world.app.as(user).chat.approval({ body: { approval_id, response, ...(note !== undefined && { note }) } });

/** Waits until something is true, as long as `vi.waitFor` does (scripts/wait-for-timeout.ts). */
export function eventually<T>(look: () => Promise<T | undefined | false> | T | undefined | false, timeoutMs?: number): Promise<T> {
  return vi.waitFor(
    async () => {
      const found = await look();
      if (!found) throw new Error("the condition did not become true");
      return found;
    },
    timeoutMs === undefined ? {} : { timeout: timeoutMs },
  );
}

export interface TestSocket {
  frames: { type: string; seq?: number; task_id?: string; data?: Record<string, unknown> }[];
  send(frame: unknown): void;
  until(type: string, timeoutMs?: number): Promise<TestSocket["frames"][number]>;
  /** The close code. */
  closed: Promise<number>;
  close(): void;
}
/** A chat socket authenticated with a one-use ticket, once it has answered a ping: from then on it sends every event. */
export async function chatSocket(app: TestApp, user: TestUser, chatId: string): Promise<TestSocket> {
  const { ticket } = await app.as(user).auth.wsTicket();
  const ws = new WebSocket(`${app.url.replace("http", "ws")}/api/chat/ws/${chatId}?ticket=${ticket}`);
  const frames: TestSocket["frames"] = [];
  ws.on("message", (data) => frames.push(JSON.parse(String(data)) as TestSocket["frames"][number]));
  const closed = once(ws, "close").then(([code]) => code as number);
  await once(ws, "open");
  ws.send(JSON.stringify({ type: "ping" }));
  const takePong = () => {
    const at = frames.findIndex(({ type }) => type === "pong");
    return at >= 0 && frames.splice(at, 1);
  };
  // A socket that is refused closes instead. Nothing may wait on after the test: a wait advances the fake clock of another test.
  await eventually(() => takePong() || ws.readyState === WebSocket.CLOSED);
  return {
    frames,
    send: (frame) => ws.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    until: (type, timeoutMs) => eventually(() => frames.find((frame) => frame.type === type), timeoutMs),
    closed,
    close: () => ws.close(),
  };
}

/** The same server in a separate process, so that it can be killed. Close the original app first. */
export const studioProcess = (
  { state: { dataDir, database, runtimeDir }, model, app: { port } }: ChatWorld,
  env: Record<string, string> = {},
): Promise<SpawnedStudio> => spawnStudio({ port, dataDir, database, runtimeDir, env: { ...modelEnv(model), ...env } });
