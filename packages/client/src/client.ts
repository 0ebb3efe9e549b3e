import type { Contract } from "@tesslate/contract";
import { bindRoutes, type Client, type SocketPath } from "./bind-routes.ts";
import { retryRequests } from "./retries.ts";
import { routes } from "./routes.ts";
import { openSocket, type Socket } from "./socket.ts";

export interface ClientOptions {
  /** Address of the server, e.g. `https://studio.example.com`. */
  baseUrl: string;
  /** An API key, or an access token. A function is called for every request, so that an access token can be renewed. */
  token?: string | (() => string | Promise<string>);
  /** How often a request is repeated that the server did not answer or was too busy for. Default 2. */
  maxRetries?: number;
  /** Headers of every request. */
  headers?: Record<string, string>;
  /** Replaces the global `fetch`, e.g. to use a proxy. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** Every operation of the API as `client.<group>.<operation>`, named like the `operationId` in the API reference. */
export interface StudioClient extends Client<Contract> {
  /** Opens a socket: `await client.connect(client.shell.socket({ params: { session_id } }))`. */
  connect<Received, Sent>(path: SocketPath<Received, Sent>, options?: { signal?: AbortSignal }): Promise<Socket<Received, Sent>>;
}

/** A client of one server. Without `token` it can only call what is public. */
export function createClient(options: ClientOptions): StudioClient {
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const token = async () => (typeof options.token === "function" ? options.token() : options.token);
  const send = options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));
  const client = bindRoutes<Contract>(routes, {
    baseUrl,
    fetch: retryRequests(async (url, init) => {
      const headers = new Headers(options.headers);
      new Headers(init.headers).forEach((value, name) => headers.set(name, value));
      const credential = await token();
      if (credential) headers.set("authorization", `Bearer ${credential}`);
      return send(url, { ...init, headers });
    }, options.maxRetries ?? 2),
  });
  return {
    ...client,
    connect: async (path, { signal } = {}) => openSocket(baseUrl.replace(/^http/, "ws") + path, (await token()) ?? "", signal),
  };
}
