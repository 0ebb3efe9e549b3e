import type { RunEvent } from "@tesslate/contract";
import { chatWorld, find, reading, studioProcess, type ChatWorld, type ChatWorldOptions } from "./chat.ts";

/**
 * Starts the run in a process of its own, kills that process when `when` is reached, and goes on with a fresh one on the same database,
 * tree and model.
 */
export async function killed(
  options: ChatWorldOptions,
  when: (events: RunEvent[]) => boolean,
  edit_mode: "allow" | "ask" = "allow",
  again = false,
  meanwhile: (before: ChatWorld) => Promise<void> = async () => undefined,
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
    // The line broke, as it does when a server dies.
  }
  await server.kill();
  // A second process that takes over what the first left, and dies as well.
  if (again) await (await studioProcess(before)).kill();
  await meanwhile(before);
  return { world: await chatWorld({ ...options, after: before }), seen };
}
export const isAsked = (events: RunEvent[]) => find(events, "approval_required") !== undefined;
/** As `killed`, for a server that ends in order while a person is asked. */
export async function shutDown(options: ChatWorldOptions): Promise<{ world: ChatWorld; seen: RunEvent[] }> {
  const before = await chatWorld({ ...options, ownServer: true });
  const stream = reading(before.send("Go", { edit_mode: "ask" }));
  await stream.until("approval_required");
  await before.app.close();
  await stream.ended.catch(() => undefined);
  const { seen } = stream;
  const world = await chatWorld({ ...options, after: before });
  return { world, seen };
}
export const task = (events: RunEvent[]) => events[0]!.task_id;
