import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connect, Plugin } from "vite";

/** How long a request waits for an API that does not accept connections. */
const longestMs = 10_000;
const retryMs = 50;

/**
 * Requests below `path` wait while the API at `target` starts or restarts, so that they do not fail in that second. After ten seconds without
 * the API, the proxy responds with its error at once, until the API accepts connections again.
 */
export function waitForApi(path: string, target: string): Plugin {
  const { hostname, port, protocol } = new URL(target);
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
  const wait: Connect.NextHandleFunction = (_request, response, next) => {
    check ??= untilItAccepts().finally(() => (check = undefined));
    void check.then(() => response.destroyed || next());
  };
  return {
    name: "wait-for-api",
    configureServer: ({ middlewares }) => void middlewares.use(path, wait),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(path, wait),
  };
}
