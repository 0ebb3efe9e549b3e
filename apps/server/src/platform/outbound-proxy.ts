import { request } from "node:http";
import { request as requestTls } from "node:https";
import type { Socket } from "node:net";
import { ProxyAgent, type Agent, type Dispatcher } from "undici";
import { AppError } from "./errors.ts";

/** Proxies from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
export interface ProxySettings {
  http: string | undefined;
  https: string | undefined;
  /** Hosts that bypass the proxy: `host`, `host:port`, `.domain`, or `*` for all. */
  none: readonly string[];
}

/** Requests through the operator's proxy. */
export interface OutboundProxy {
  /** Whether requests to that host use a proxy. Loopback never does. */
  isProxied(target: Target): boolean;
  /** Dispatcher for those requests. */
  dispatcherFor(target: Target): Dispatcher;
  /** Opens a tunnel through the proxy. */
  connect(target: Target, signal?: AbortSignal): Promise<Socket>;
  close(): Promise<void>;
}

interface Target {
  protocol: string;
  /** IPv6 without brackets. */
  hostname: string;
  port: string;
}

export function createOutboundProxy({ http, https, none }: ProxySettings, options: { ca: string[] | undefined }): OutboundProxy {
  const limits: Agent.Options = { bodyTimeout: 300_000, headersTimeout: 300_000, keepAliveTimeout: 10_000 };
  const agents = new Map<string, ProxyAgent>();
  const proxyFor = (target: Target) => (isDirect(target, none) ? undefined : target.protocol === "https:" ? https : http);
  const required = (target: Target): string => {
    const proxy = proxyFor(target);
    if (proxy === undefined) throw new Error(`no proxy for ${target.hostname}`);
    return proxy;
  };
  return {
    isProxied: (target) => proxyFor(target) !== undefined,
    dispatcherFor(target) {
      const uri = required(target);
      const agent = agents.get(uri) ?? new ProxyAgent({ ...limits, uri, ...(options.ca && { requestTls: { ca: options.ca } }) });
      agents.set(uri, agent);
      return agent;
    },
    connect(target, signal) {
      const proxy = new URL(required(target));
      const host = target.hostname.includes(":") ? `[${target.hostname}]` : target.hostname;
      const call = (proxy.protocol === "https:" ? requestTls : request)({
        host: proxy.hostname,
        port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
        method: "CONNECT",
        path: `${host}:${target.port}`,
        timeout: 10_000,
        headers: {
          host: `${host}:${target.port}`,
          ...(proxy.username && {
            "proxy-authorization": `Basic ${Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString("base64")}`,
          }),
        },
        ...(signal && { signal }),
      });
      return new Promise<Socket>((resolve, reject) => {
        call.once("connect", ({ statusCode }, socket, head) => {
          if (statusCode !== 200) {
            socket.destroy();
            return reject(new AppError("bad_gateway", `The server's proxy refused a connection to ${target.hostname} (${statusCode}).`));
          }
          socket.setTimeout(0);
          if (head.length > 0) socket.unshift(head);
          resolve(socket as Socket);
        });
        call.once("response", ({ statusCode }) =>
          reject(new AppError("bad_gateway", `The server's proxy refused a connection to ${target.hostname} (${statusCode}).`)),
        );
        call.once("timeout", () => call.destroy(new Error("the proxy did not answer within 10 s")));
        call.once("error", reject);
        call.end();
      });
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

function isDirect({ hostname, port }: Target, none: readonly string[]): boolean {
  if (hostname === "localhost" || hostname.endsWith(".localhost") || hostname.startsWith("127.") || hostname === "::1") return true;
  return none.some((entry) => {
    if (entry === "*") return true;
    const [, name = "", only] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry.toLowerCase().replace(/^\*?\./, "")) ?? [];
    return name !== "" && (only === undefined || only === port) && (hostname === name || hostname.endsWith(`.${name}`));
  });
}
