import type { ServerResponse } from "node:http";

/** These pages contain project output and visitors' paths. */
const escape = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

export interface Page {
  status: number;
  /** Reported by the bridge to the app. */
  kind: "unknown" | "unauthorized" | "forbidden" | "starting" | "failed" | "unreachable" | "error";
  title: string;
  text: string;
  lines?: string[];
  /** Seconds until the page reloads. */
  refreshSeconds?: number;
  /** Shows a button that starts the container and returns to this path. */
  startPath?: string;
}

const style = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;background:Canvas;color:CanvasText}
main{max-width:40rem;padding:2rem}h1{font-size:1.15rem;margin:0 0 .5rem}p{margin:0 0 1rem;opacity:.8}pre{overflow:auto;max-height:50vh;padding:.75rem;border:1px solid color-mix(in srgb,CanvasText 20%,transparent);border-radius:6px;font-size:12.5px;white-space:pre-wrap}
button{font:inherit;padding:.4rem .9rem;border-radius:6px;border:1px solid color-mix(in srgb,CanvasText 35%,transparent);background:none;color:inherit;cursor:pointer}`;

/** Sends one of our own pages; for requests other than page loads, plain text. */
export function sendPage(
  response: ServerResponse,
  page: Page,
  { isDocument, appOrigin }: { isDocument: boolean; appOrigin: string },
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const headers: Record<string, string> = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
  if (page.status === 503) headers["retry-after"] = String(page.refreshSeconds ?? 1);
  if (!isDocument) {
    response.writeHead(page.status, { ...headers, "content-type": "text/plain; charset=utf-8" }).end(`${page.title}\n${page.text}\n`);
    return;
  }
  const body = `<!doctype html>
<html lang="en"><head><script src="/__studio/bridge.js"></script><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="tesslate-page" content="${page.kind}">${
    page.refreshSeconds === undefined ? "" : `<meta http-equiv="refresh" content="${page.refreshSeconds}">`
  }<title>${escape(page.title)}</title><style>${style}</style></head>
<body><main><h1>${escape(page.title)}</h1><p>${escape(page.text)}</p>${page.lines && page.lines.length > 0 ? `<pre>${escape(page.lines.join("\n"))}</pre>` : ""}${
    page.startPath === undefined
      ? ""
      : `<form method="post" action="/__studio/start?path=${encodeURIComponent(page.startPath)}"><button>Start it again</button></form>`
  }</main></body></html>
`;
  response
    .writeHead(page.status, {
      ...headers,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors ${appOrigin}`,
    })
    .end(body);
}

export const pages = {
  unknown: (): Page => ({ status: 404, kind: "unknown", title: "Preview not found", text: "No project is served at this URL." }),
  unauthorized: (): Page => ({
    status: 401,
    kind: "unauthorized",
    title: "This preview is private",
    text: "Open it from Tesslate Studio, signed in as its owner.",
  }),
  linkOver: (): Page => ({
    status: 401,
    kind: "unauthorized",
    title: "This link is no longer valid",
    text: "It has expired or was revoked. Ask the sender for a new one.",
  }),
  forbidden: (): Page => ({
    status: 403,
    kind: "forbidden",
    title: "Not served in previews",
    text: "Hidden files and files outside the project are not served here.",
  }),
  malformed: (): Page => ({ status: 400, kind: "error", title: "Malformed request", text: "The URL is malformed." }),
  foreign: (): Page => ({ status: 403, kind: "forbidden", title: "Refused", text: "Another site cannot send this request to a preview." }),
  starting: (name: string): Page => ({
    status: 503,
    kind: "starting",
    title: `${name} is starting`,
    text: "This page reloads when it is ready.",
    refreshSeconds: 1,
  }),
  /** `restartAt` (milliseconds): it restarts then, and the page reloads a second later. */
  failed: (name: string, message: string, lines: string[], startPath: string, restartAt?: number): Page => ({
    status: 503,
    kind: "failed",
    title: `${name} is not running`,
    text: restartAt === undefined ? message : `${message} It restarts in a moment, and this page reloads then.`,
    lines,
    startPath,
    ...(restartAt !== undefined && { refreshSeconds: Math.max(0, Math.ceil((restartAt - Date.now()) / 1000)) + 1 }),
  }),
  /** Stopped by a person or the agent; a visit does not start it. */
  stopped: (name: string, startPath: string): Page => ({
    status: 503,
    kind: "failed",
    title: `${name} is stopped`,
    text: "It was stopped manually, so opening this page does not start it.",
    startPath,
  }),
  /** Failure page for visitors with a share link: the reason and logs are for the owner only. */
  closed: (name: string): Page => ({
    status: 503,
    kind: "failed",
    title: `${name} is not running`,
    text: "Try again later, or ask the person who sent you the link.",
  }),
  unreachable: (name: string): Page => ({
    status: 502,
    kind: "unreachable",
    title: `${name} is not responding`,
    text: "It is running, but refused the connection. This page retries.",
    refreshSeconds: 2,
  }),
  /** The runner of the projects is not connected. */
  away: (): Page => ({
    status: 503,
    kind: "unreachable",
    title: "Projects cannot be reached at the moment",
    text: "The app may be running, but this server has no connection to it. This page retries.",
    refreshSeconds: 5,
  }),
  error: (): Page => ({ status: 500, kind: "error", title: "Something went wrong on our side", text: "It has been logged." }),
};
