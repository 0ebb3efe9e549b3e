import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Other sites on the same port: requests for their hosts never reach the app. */
export interface PreviewSite {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}
/** The sites of all hosts besides the app's. */
export interface OtherSites extends PreviewSite {
  /** Whether it serves this host, which is not below PREVIEW_DOMAIN. */
  serves(host: string): boolean;
}
