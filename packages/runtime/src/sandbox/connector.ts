/**
 * Runs in a hub's network and connects to sandboxes there, for the server, which is outside: it sends each connected socket to its parent
 * and reads nothing from it. Ends with its parent.
 */
import { connect, type Socket } from "node:net";
import type { ConnectRequest, ConnectResponse } from "./connector-client.ts";

const connecting = new Map<number, Socket>();

process.on("disconnect", () => process.exit());
process.on("message", (request: ConnectRequest) => {
  if ("aborted" in request) return void connecting.get(request.aborted)?.destroy();
  const { id, host, port } = request;
  const socket = connect({ host, port, noDelay: true, autoSelectFamily: false });
  connecting.set(id, socket);
  // What it receives is for the parent.
  socket.pause();
  const answer = (response: ConnectResponse, sent?: Socket) => {
    if (connecting.delete(id)) process.send?.(response, sent, {}, () => undefined);
  };
  socket.once("connect", () => answer({ id }, socket));
  socket.on("error", (error: NodeJS.ErrnoException) => answer({ id, code: error.code ?? "ECONNREFUSED" }));
  socket.once("close", () => connecting.delete(id));
});
