import type { Http2Session } from "node:http2";
import type { Timing } from "./protocol.ts";

/** Closes a session whose other end does not answer, such as one behind a connection that was cut without a word. */
export function keepAlive(session: Http2Session, { pingMs, pingTimeoutMs }: Pick<Timing, "pingMs" | "pingTimeoutMs">): void {
  let isWaiting = false;
  const ping = () => {
    if (isWaiting || session.destroyed || session.closed) return;
    isWaiting = true;
    const timer = setTimeout(() => session.destroy(), pingTimeoutMs);
    session.ping((error) => {
      clearTimeout(timer);
      isWaiting = false;
      if (error) session.destroy();
    });
  };
  const interval = setInterval(ping, pingMs);
  interval.unref();
  session.on("close", () => clearInterval(interval));
}
