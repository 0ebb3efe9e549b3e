import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { ShellServerFrame, ShellSession } from "@tesslate/contract";
import type { ProjectRow } from "../db/schema/projects.ts";
import type { ShellLimits } from "../features/runtime/shell/terminal.ts";
import type { TestApp, TestUser } from "./app.ts";
import { emptyProject, sandboxApp } from "./sandbox.ts";
import { changed } from "./settings.ts";

/** A container that does not have to run. */
export const upCommand = ["node", "-e", `require("http").createServer((q,s)=>s.end("up")).listen(process.env.PORT)`];

/** A terminal client: output so far and the close code. */
export async function terminalClient(app: Pick<TestApp, "port">, user: Pick<TestUser, "token">, id: string) {
  const socket = new WebSocket(`ws://localhost:${app.port}/api/shell/ws/${id}`);
  const frames: ShellServerFrame[] = [];
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  let printed = "";
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data)) as ShellServerFrame;
    frames.push(frame);
    if (frame.type === "output") printed += frame.data;
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.send(JSON.stringify({ type: "auth", token: user.token }));
  return {
    socket,
    frames,
    closed,
    text: () => printed,
    send: (frame: unknown) => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    type: (data: string) => socket.send(JSON.stringify({ type: "input", data })),
    waitFor: async (pattern: RegExp) => {
      for (const until = Date.now() + 15_000; !pattern.test(printed); await sleep(10))
        if (Date.now() > until) throw new Error(`not printed: ${pattern}\n${printed.slice(-500)}`);
    },
    close: () => socket.close(),
  };
}

/** Starts the project and waits until it runs. */
export async function startUp(app: TestApp, user: TestUser, projectId: string): Promise<void> {
  const { task_id } = await app.as(user).projects.start({ params: { id: projectId } });
  for await (const { data } of app.as(user).tasks.events({ params: { task_id: task_id ?? "" } }))
    if (data.status === "failed") throw new Error(data.error ?? "start failed");
}

export interface ShellWorld extends AsyncDisposable {
  app: TestApp;
  owner: TestUser;
  project: ProjectRow;
  open(body?: object): Promise<ShellSession & { ws_url: string }>;
  attach(id: string): ReturnType<typeof terminalClient>;
}
/** A running project with short timeouts. */
export async function shellWorld(limits: Partial<ShellLimits> = {}): Promise<ShellWorld> {
  // The check interval is fixed at server start.
  const app = await sandboxApp(limits.sweepMs === undefined ? {} : { configure: (config) => void Object.assign(config.shell, limits) });
  const changes = changed(app.config.shell, limits);
  const owner = await app.signUp();
  const project = await emptyProject(app, owner, { command: upCommand });
  await startUp(app, owner, project.id);
  return {
    app,
    owner,
    project,
    open: (body = {}) => app.as(owner).shell.create({ body: { project_id: project.id, ...body } }),
    attach: (id) => terminalClient(app, owner, id),
    [Symbol.asyncDispose]: async () => {
      changes[Symbol.dispose]();
      await app.close();
    },
  };
}
