import { createServer } from "node:http";
import { once } from "node:events";

/** Holds the port while the server starts and answers requests with 503. */
export interface ReservedPort {
  /** Releases the port just before the server listens on it. */
  release(): Promise<void>;
}

/** Throws an error that names `PORT` or `HOST` when the port is unavailable. */
export async function reservePort({ port, host }: { port: number; host: string }): Promise<ReservedPort> {
  const server = createServer((_request, response) =>
    response
      .writeHead(503, {
        "content-type": "application/json; charset=utf-8",
        "cache-control": "no-store",
        "retry-after": "2",
        connection: "close",
      })
      .end(JSON.stringify({ detail: "The server is starting. Try again in a moment.", code: "unavailable" })),
  );
  server.listen({ port, host });
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new Error(reasonOf(cause as NodeJS.ErrnoException, port, host), { cause });
  }
  let released: Promise<void> | undefined;
  return {
    release: () =>
      (released ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      })),
  };
}

function reasonOf({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  if (code === "EADDRINUSE") return `PORT ${port} is already in use on ${host}. Stop the program that uses it, or set PORT to a free port.`;
  if (code === "EACCES") return `PORT ${port} requires more privileges. Set PORT to 1024 or higher, or run the server as root.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `HOST ${host} is not an address of this machine. Set HOST to 0.0.0.0 or 127.0.0.1.`;
  return `PORT ${port} on ${host} cannot be opened (${message}). Set PORT to a free port.`;
}
