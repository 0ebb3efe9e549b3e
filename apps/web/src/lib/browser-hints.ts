import type { ConnectionHints } from "@tesslate/client/core";

/** Online again, or looked at again: retry at once. Offline: the connection is dead even if the browser has not noticed. */
export const browserHints: ConnectionHints = ({ retryNow, drop }) => {
  const onVisible = () => {
    if (document.visibilityState === "visible") retryNow();
  };
  addEventListener("online", retryNow);
  addEventListener("offline", drop);
  document.addEventListener("visibilitychange", onVisible);
  return () => {
    removeEventListener("online", retryNow);
    removeEventListener("offline", drop);
    document.removeEventListener("visibilitychange", onVisible);
  };
};
