import type { Config } from "../config.ts";

/** The host name in a Host header, without port and brackets. */
export const hostOf = (header: string | undefined) =>
  (header ?? "")
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "");
const isIpLiteral = (host: string) => /^[\d.]+$/.test(host) || host.includes(":");

export type OwnHosts = ReturnType<typeof createOwnHosts>;
/** The host names and origins of this server. `boundPort`: the port it listens on. */
export function createOwnHosts(config: Config["http"], boundPort: () => number) {
  const origins: ReadonlySet<string> = new Set([new URL(config.appBaseUrl).origin, ...config.corsOrigins]);
  const knownHosts = new Set(["localhost", config.appHost, ...config.corsOrigins.map((o) => new URL(o).hostname)]);
  const isPreviewHost = (host: string) => host === config.previewDomain || host.endsWith(`.${config.previewDomain}`);
  /** Accepts configured host names and IP addresses; any other name is a DNS rebinding attack. */
  const isOwnHost = (host: string) => knownHosts.has(host) || isIpLiteral(host);
  return {
    /** Origins that may call the API with credentials. */
    origins,
    isPreviewHost,
    isOwnHost,
    isOwnOrigin: (origin: string): boolean => {
      if (origins.has(origin)) return true;
      const url = URL.parse(origin);
      const port = url?.port || "80";
      // Opened by another own name (127.0.0.1 for localhost, an IP address of this host): plain http on our own port, never a preview host.
      return url?.protocol === "http:" && !isPreviewHost(url.hostname) && isOwnHost(hostOf(url.host)) && port === String(boundPort());
    },
  };
}
