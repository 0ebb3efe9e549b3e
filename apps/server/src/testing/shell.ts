import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { ShellServerFrame } from "@tesslate/contract";
import type { TestApp, TestUser } from "./app.ts";

/** A container that only has to be there. */
export const upCommand = ["node", "-e", `require("http").createServer((q,s)=>s.end("up")).listen(process.env.PORT)`];

/** A terminal client: everything printed so far, and how the socket closed. */
export async function terminalClient(app: TestApp, user: TestUser, id: string) {
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
