import { once } from "node:events";
import { connect } from "node:net";
import type { SandboxPort } from "@tesslate/runtime";

/** A server of this machine in place of one in a sandbox. `host`: a name, an address or the folder of PostgreSQL's socket. */
export const hostPort = ({ host, port }: { host: string; port: number }): SandboxPort => ({
  key: `${host}:${port}`,
  port,
  connect: async () => {
    const socket = host.startsWith("/") ? connect({ path: `${host}/.s.PGSQL.${port}` }) : connect({ host, port });
    await once(socket, "connect");
    return socket;
  },
});
