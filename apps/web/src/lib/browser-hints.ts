import type { ConnectionHints } from "@tesslate/client/core";
import { whenTabIsOld } from "./open-tabs.ts";

/**
 * Online again, or looked at again: retry at once. Offline: the connection is dead even if the browser has not noticed. A tab that was not
 * looked at for long pauses its streams until it is.
 */
export const browserHints: ConnectionHints = ({ retryNow, drop, pause }) => {
  let isPaused = false;
  const onOnline = () => {
    if (!isPaused) retryNow();
  };
  const onVisible = () => {
    if (document.visibilityState !== "visible") return;
    isPaused = false;
    retryNow();
  };
  addEventListener("online", onOnline);
  addEventListener("offline", drop);
  document.addEventListener("visibilitychange", onVisible);
  const forget = whenTabIsOld(() => {
    isPaused = true;
    pause();
  });
  return () => {
    removeEventListener("online", onOnline);
    removeEventListener("offline", drop);
    document.removeEventListener("visibilitychange", onVisible);
    forget();
  };
};
