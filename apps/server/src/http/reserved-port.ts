import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";

const message = "The server is starting. Try again in a moment.";
/** For people: the app, a preview or a deployed app was opened. It reloads until the server has started. */
const startingPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="2"><title>Starting</title>
<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center}main{padding:2rem}h1{font-size:1.15rem;margin:0 0 .5rem}p{margin:0;opacity:.8}</style></head>
<body><main><h1>The server is starting</h1><p>This page reloads automatically.</p></main></body></html>
`;
const isPageLoad = ({ method, headers }: IncomingMessage) => method === "GET" && (headers.accept ?? "").includes("text/html");

/** Holds the port while the server starts and answers requests with 503: page loads with a page, others with an error of the API. */
export interface ReservedPort {
  /** Releases the port just before the server listens on it. */
  release(): Promise<void>;
}

/** Throws an error that names `PORT` or `HOST` when the port is unavailable. */
export async function reservePort({ port, host }: { port: number; host: string }): Promise<ReservedPort> {
  const server = createServer((request, response) => {
    const isPage = isPageLoad(request);
    response
      .writeHead(503, {
        "content-type": isPage ? "text/html; charset=utf-8" : "application/json; charset=utf-8",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
        "cache-control": "no-store",
        "retry-after": "2",
        connection: "close",
      })
      .end(isPage ? startingPage : JSON.stringify({ detail: message, code: "unavailable" }));
  });
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
