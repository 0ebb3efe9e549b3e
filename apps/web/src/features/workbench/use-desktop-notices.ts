import { useEffect, useRef } from "react";
import { usePreferences } from "../users/index.ts";

/** A browser notification when a run needs input or ends while the window is hidden, if enabled and permitted. */
export function useDesktopNotices(project: string, { isAsking, isRunning }: { isAsking: boolean; isRunning: boolean }): void {
  const isWanted = usePreferences()?.desktop_notices ?? false;
  const before = useRef({ isAsking, isRunning });
  useEffect(() => {
    const was = before.current;
    before.current = { isAsking, isRunning };
    const body =
      isAsking && !was.isAsking
        ? "The agent needs your input."
        : was.isRunning && !isRunning && !isAsking
          ? "The agent has finished."
          : undefined;
    if (
      !body ||
      !isWanted ||
      document.visibilityState === "visible" ||
      typeof Notification !== "function" ||
      Notification.permission !== "granted"
    )
      return;
    // One per project: a later one replaces an earlier one.
    const notice = new Notification(project, { body, tag: `tesslate.${project}`, icon: "/icon.svg" });
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
  }, [project, isAsking, isRunning, isWanted]);
}
