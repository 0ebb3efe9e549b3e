import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * Tells systemd that the server is ready, or stops, if it was started by a unit of `Type=notify`. `socket`: NOTIFY_SOCKET. Node has no
 * datagram sockets in the file system, so systemd's own program sends it.
 */
export async function notifySystemd(socket: string | undefined, state: "ready" | "stopping"): Promise<void> {
  if (socket === undefined) return;
  await promisify(execFile)("systemd-notify", [`${state.toUpperCase()}=1`], {
    env: { PATH: "/usr/bin:/bin", NOTIFY_SOCKET: socket },
    timeout: 5_000,
  });
}
