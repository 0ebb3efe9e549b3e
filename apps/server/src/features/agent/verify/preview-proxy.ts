import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { PreviewSite } from "../../../http/preview-site.ts";

/** A proxy from one browser to the previews of one project. */
export interface PreviewProxy extends AsyncDisposable {
  /** For the browser's proxy settings. */
  proxy: { server: string; username: string; password: string };
  isBlocked(url: string): boolean;
}

/**
 * A proxy on loopback, the only network of our browsers: it reaches the previews of one project and nothing else, for pages, workers, sockets and
 * prefetches. It adds the visitor's cookie, so that no page or profile ever has it, and drops reports of the preview bridge, so that they do not appear in
 * Problems.
 */
export async function openPreviewProxy({
  site,
  hosts,
}: {
  site: PreviewSite;
  /** `host:port` to its Cookie header; empty where none is needed. */
  hosts: ReadonlyMap<string, string>;
}): Promise<PreviewProxy> {
  const username = "browser";
  const password = randomBytes(18).toString("base64url");
  const authorization = Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`);
  const isAuthorized = ({ headers }: IncomingMessage) => {
    const given = Buffer.from(headers["proxy-authorization"] ?? "");
    return given.length === authorization.length && timingSafeEqual(given, authorization);
  };
  const open = new Set<Duplex>();
  /** Accepted tunnels and their hosts. */
  const tunnels = new WeakMap<Duplex, string>();
  const withDefaultPort = (host: string, port: string) => (/:\d+$/.test(host) ? host : `${host}:${port}`).toLowerCase();

  /** Converts a proxy request to a request to the preview host; false for other hosts. */
  const admit = (request: IncomingMessage): boolean => {
    const tunnel = tunnels.get(request.socket);
    let host = tunnel;
    if (host === undefined) {
      const url = URL.parse(request.url ?? "");
      if (url?.protocol !== "http:") return false;
      host = withDefaultPort(url.host, "80");
      request.url = url.pathname + url.search;
    }
    const cookie = hosts.get(host);
    if (cookie === undefined) return false;
    const { headers } = request;
    headers.host = host.replace(/:80$/, "");
    if (cookie !== "") headers.cookie = headers.cookie ? `${headers.cookie}; ${cookie}` : cookie;
    delete headers["proxy-authorization"];
    delete headers["proxy-connection"];
    return true;
  };
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    if (!tunnels.has(request.socket) && !isAuthorized(request))
      return void response.writeHead(407, { "proxy-authenticate": 'Basic realm="studio"', "content-length": "0" }).end();
    if (!admit(request)) return void response.writeHead(403, { "x-studio-blocked": "1", "content-length": "0" }).end();
    const path = request.url ?? "/";
    if (path.startsWith("/__studio/bridge.js")) return void response.writeHead(200, { "content-type": "text/javascript" }).end();
    if (path.startsWith("/__studio/")) return void response.writeHead(204).end();
    site.request(request, response);
  };
  const server = createServer(serve);
  server.on("connection", (socket: Duplex) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (tunnels.has(request.socket) && admit(request)) site.upgrade(request, socket, head);
    else socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  });
  // WebSockets and TLS use tunnels; inside this process, previews are plain HTTP.
  server.on("connect", (request: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on("error", () => client.destroy());
    if (!isAuthorized(request))
      return void client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm="studio"\r\ncontent-length: 0\r\n\r\n',
      );
    const host = withDefaultPort(request.url ?? "", "443");
    if (!hosts.has(host)) return void client.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    tunnels.set(client, host);
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    if (head.length > 0) client.unshift(head);
    server.emit("connection", client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    proxy: { server: `http://127.0.0.1:${port}`, username, password },
    isBlocked: (text) => {
      const url = URL.parse(text);
      if (!url || !/^(https?|wss?):$/.test(url.protocol)) return false;
      return !hosts.has(withDefaultPort(url.host, url.protocol.endsWith("s:") ? "443" : "80"));
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}
