import type { RunEvent } from "@tesslate/contract";
import { chatWorld, find, collect, studioProcess, type ChatWorld, type ChatWorldOptions } from "./chat.ts";

/**
 * Starts the run in a separate process, kills that process when `when` is true, and continues with a new server on the same database,
 * tree and model.
 */
export async function killDuringRun(
  options: ChatWorldOptions,
  when: (events: RunEvent[]) => boolean,
  edit_mode: "allow" | "ask" = "allow",
  again = false,
  beforeRestart: (before: ChatWorld) => Promise<void> = async () => undefined,
): Promise<{ world: ChatWorld; seen: RunEvent[] }> {
  const before = await chatWorld({ ...options, ownServer: true });
  await before.app.close();
  const server = await studioProcess(before);
  const seen: RunEvent[] = [];
  try {
    for await (const event of before.send("Go", { edit_mode })) {
      seen.push(event);
      if (when(seen)) await server.kill();
    }
  } catch {
    // The connection failed, because the server died.
  }
  await server.kill();
  // A second server that takes over from the first, and dies too.
  if (again) await (await studioProcess(before)).kill();
  await beforeRestart(before);
  return { world: await chatWorld({ ...options, after: before }), seen };
}
export const awaitsApproval = (events: RunEvent[]) => find(events, "approval_required") !== undefined;
/** Like `killDuringRun`, for a server that shuts down in order while an approval is pending. */
export async function shutDownDuringRun(options: ChatWorldOptions): Promise<{ world: ChatWorld; seen: RunEvent[] }> {
  const before = await chatWorld({ ...options, ownServer: true });
  const stream = collect(before.send("Go", { edit_mode: "ask" }));
  await stream.until("approval_required");
  await before.app.close();
  await stream.ended.catch(() => undefined);
  const { seen } = stream;
  const world = await chatWorld({ ...options, after: before });
  return { world, seen };
}
export const task = (events: RunEvent[]) => events[0]!.task_id;
