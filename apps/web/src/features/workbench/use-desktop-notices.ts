import { useEffect, useRef } from "react";
import { usePreferences } from "../users/index.ts";

/** A browser notification when a run needs input or ends while the window is hidden, if enabled and permitted. */
export function useDesktopNotices(project: string, { needsInput, isRunning }: { needsInput: boolean; isRunning: boolean }): void {
  const isWanted = usePreferences()?.desktop_notices ?? false;
  const before = useRef({ needsInput, isRunning });
  useEffect(() => {
    const was = before.current;
    before.current = { needsInput, isRunning };
    const body =
      needsInput && !was.needsInput
        ? "The agent needs your input."
        : was.isRunning && !isRunning && !needsInput
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
  }, [project, needsInput, isRunning, isWanted]);
}
