import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProxyOptions } from "vite";

/** How long a request waits for an API that does not accept connections. */
const longestMs = 10_000;
const retryMs = 50;
/** How often a request is repeated that the API dropped. */
const longestRepeats = 3;

type Proxy = Parameters<NonNullable<ProxyOptions["configure"]>>[0];
type Request = Parameters<Proxy["web"]>[0];

/** It changes nothing, and its body is not used up by the first attempt: it has none. */
const isRepeatable = ({ method, headers }: Request) =>
  (method === "GET" || method === "HEAD") && !Number(headers["content-length"]) && !headers["transfer-encoding"];
const isDropped = (error: Error) => ["ECONNRESET", "ECONNREFUSED", "EPIPE"].includes((error as NodeJS.ErrnoException).code ?? "");

/**
 * A proxy to an API whose requests wait while the API starts or restarts, so that they do not fail in that second. An API that stops drops
 * requests that it has accepted: GET and HEAD are repeated, unless a response has begun. After ten seconds without the API, the proxy responds
 * with its error at once, until the API accepts connections again.
 */
export function waitForApi(options: ProxyOptions & { target: string }): ProxyOptions {
  const { hostname, port, protocol } = new URL(options.target);
  const address = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || (protocol === "https:" ? 443 : 80), timeout: 1000 };
  const accepts = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(address);
      const end = (isOpen: boolean) => {
        socket.destroy();
        resolve(isOpen);
      };
      socket.once("connect", () => end(true));
      socket.once("error", () => end(false));
      socket.once("timeout", () => end(false));
    });

  let downSince: number | undefined;
  const untilItAccepts = async () => {
    while (!(await accepts())) {
      downSince ??= Date.now();
      if (Date.now() - downSince >= longestMs) return;
      await sleep(retryMs);
    }
    downSince = undefined;
  };
  /** Requests that arrive together share one check. */
  let check: Promise<void> | undefined;
  const sharedCheck = () => (check ??= untilItAccepts().finally(() => (check = undefined)));

  return {
    ...options,
    configure(proxy, configured) {
      options.configure?.(proxy, configured);
      // A response that breaks off ends for the browser, too: an EventSource connects again.
      proxy.on("proxyRes", (incoming, _request, response) => void incoming.once("error", () => response.destroy()));
      const { web } = proxy;
      const send = async (request: Request, response: Parameters<Proxy["web"]>[1], settings: object, repeats: number) => {
        await sharedCheck();
        if (response.destroyed) return;
        web(request, response, settings, (error) => {
          if (repeats > 0 && isDropped(error) && !response.headersSent)
            void sleep(retryMs).then(() => send(request, response, settings, repeats - 1));
          else proxy.emit("error", error, request, response);
        });
      };
      Object.assign(proxy, {
        web: ((request, response, settings = {}) =>
          void send(request, response, settings, isRepeatable(request) ? longestRepeats : 0)) as Proxy["web"],
      });
    },
  };
}
