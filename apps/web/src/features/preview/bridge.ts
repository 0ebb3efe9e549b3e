/** Between the workbench and the bridge script that the preview's proxy puts into every page. Both sides check origin and nonce. */
export type BridgeCommand = { type: "navigate"; path: string } | { type: "back" } | { type: "forward" } | { type: "reload" };
export interface BridgeReport {
  type: "ready" | "location";
  path: string;
  title: string | undefined;
  /** `app`, or which of the server's own pages stands in its place: `unauthorized` means that the preview's cookie did not come along. */
  page: string;
}

const ours = "tesslate-studio";
const theirs = "tesslate-bridge";

export interface BridgePeer {
  /** The frame's window: nothing else may speak. */
  window: Window | null | undefined;
  origin: string;
  nonce: string;
}

export const commandMessage = (command: BridgeCommand, nonce: string): Record<string, unknown> => ({ source: ours, nonce, ...command });

/** A message of our own frame's bridge; undefined for everything else. The page itself is hostile: its words are only shown. */
export function readBridge(event: { source: unknown; origin: string; data: unknown }, peer: BridgePeer): BridgeReport | undefined {
  if (!peer.window || event.source !== peer.window || event.origin !== peer.origin) return undefined;
  const data = event.data;
  if (data === null || typeof data !== "object") return undefined;
  const { source, nonce, type, path, title, page } = data as Record<string, unknown>;
  if (source !== theirs || (nonce !== undefined && nonce !== null && nonce !== peer.nonce)) return undefined;
  if ((type !== "ready" && type !== "location") || typeof path !== "string") return undefined;
  return {
    type,
    path: path.slice(0, 2000),
    title: typeof title === "string" ? title.slice(0, 200) : undefined,
    page: typeof page === "string" ? page : "app",
  };
}

/** The entry URL with the nonce where only the page's own script can read it; a redirect keeps the fragment. */
export const withNonce = (url: string, nonce: string): string => `${url.split("#")[0]}#studio-nonce=${nonce}`;

/** What was typed into the address bar as a path on the preview's own host; undefined for other hosts. */
export function pathTyped(text: string, origin: string): string | undefined {
  const typed = text.trim();
  if (typed === "") return "/";
  try {
    const url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(typed) ? typed : `/${typed.replace(/^\/+/, "")}`, origin);
    return url.origin === origin ? url.pathname + url.search + url.hash : undefined;
  } catch {
    return undefined;
  }
}
