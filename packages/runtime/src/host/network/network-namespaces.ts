import { existsSync } from "node:fs";
import { run } from "../../run.ts";

/** Does nothing when it is deleted or being deleted. */
export async function removeNamespace(name: string): Promise<void> {
  const isThere = () => existsSync(`/run/netns/${name}`);
  if (isThere())
    await run(["ip", "netns", "del", name]).catch((error: unknown) => {
      if (isThere()) throw error;
    });
}

/** Does nothing when it is deleted or being deleted: a link disappears shortly after its peer. */
export async function removeLink(device: string): Promise<void> {
  const isThere = () => existsSync(`/sys/class/net/${device}`);
  if (isThere())
    await run(["ip", "link", "del", device]).catch((error: unknown) => {
      if (isThere()) throw error;
    });
}
