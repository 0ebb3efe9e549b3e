import type { ShellServerFrame } from "@tesslate/contract";
import type { Account } from "./account.ts";

/** Runs a command in a terminal of a running container and returns its output. Throws if the exit code is not 0. */
export async function runInTerminal(account: Account, url: string, projectId: string, container: string, command: string): Promise<string> {
  const session = await account.api.shell.create({ body: { project_id: projectId, container_name: container, command, cols: 200 } });
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}${session.ws_url}`);
  let output = "";
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token: account.token() }));
      socket.onerror = () => reject(new Error("the terminal's socket failed"));
      socket.onclose = () => reject(new Error(`the terminal's socket was closed\n${output}`));
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(String(data)) as ShellServerFrame;
        if (frame.type === "output") output += frame.data;
        if (frame.type === "exit") resolve(frame.code);
        if (frame.type === "error") reject(new Error(frame.data.message));
      };
    });
    if (code !== 0) throw new Error(`${command} ended with ${code}\n${output.slice(-2000)}`);
    return output;
  } finally {
    socket.onclose = null;
    socket.close();
  }
}
