import { existsSync } from "node:fs";
import { run } from "../run.ts";

/** Does nothing when it is deleted or being deleted. */
export async function removeNamespace(name: string): Promise<void> {
  const isThere = () => existsSync(`/run/netns/${name}`);
  if (isThere())
    await run(["ip", "netns", "del", name]).catch((error: unknown) => {
      if (isThere()) throw error;
    });
}
