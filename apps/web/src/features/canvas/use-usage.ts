import type { UsageFrame } from "@tesslate/contract";
import { createContext, use, useEffect, useState, useSyncExternalStore } from "react";
import { browserHints } from "../../lib/browser-hints.ts";
import { openLiveSocket } from "../../lib/live-socket.ts";
import { useServices } from "../../project/services.ts";
import { createUsageHistory, type UsageHistory, type UsageMeasurement } from "./usage-history.ts";

const subscribeToVisibility = (listener: () => void) => {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
};
const isPageVisible = () => document.visibilityState === "visible";

/** Follows the usage of the project's containers while the page is visible. */
export function useUsageHistory(projectId: string): UsageHistory {
  const { api, openSocket } = useServices();
  const [history] = useState(createUsageHistory);
  const isVisible = useSyncExternalStore(subscribeToVisibility, isPageVisible);
  useEffect(() => {
    if (!isVisible) return undefined;
    let isFirst = true;
    const socket = openLiveSocket<UsageFrame | { type: "pong" | "error" }, never>({
      open: () => openSocket(api.containers.usage({ params: { id: projectId } })),
      onOpen: () => (isFirst = true),
      onFrame: (frame) => {
        if (frame.type !== "usage") return;
        // Every connection begins with what the server has kept.
        if (isFirst) history.clear();
        isFirst = false;
        history.add(frame.data);
      },
      hints: browserHints,
    });
    return () => socket.close();
  }, [api, openSocket, projectId, history, isVisible]);
  return history;
}

const UsageHistoryContext = createContext<UsageHistory>(createUsageHistory());
export const UsageHistoryProvider = UsageHistoryContext.Provider;

/** The measurements of a container, oldest first. */
export function useUsageOf(containerId: string): readonly UsageMeasurement[] {
  const history = use(UsageHistoryContext);
  return useSyncExternalStore(history.subscribe, () => history.of(containerId));
}
/** What the containers may use together, and whether anything is known yet. */
export function useUsageLimits() {
  const history = use(UsageHistoryContext);
  return {
    limits: useSyncExternalStore(history.subscribe, history.limits),
    isMeasured: useSyncExternalStore(history.subscribe, history.isMeasured),
  };
}
