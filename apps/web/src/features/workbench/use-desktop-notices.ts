import { useEffect, useRef } from "react";
import { usePreferences } from "../users/index.ts";

/** A notice of the browser when a run begins to wait for the person, or ends, while the window is out of sight. Only where they are wanted and allowed. */
export function useDesktopNotices(project: string, { isAsking, isRunning }: { isAsking: boolean; isRunning: boolean }): void {
  const isWanted = usePreferences()?.desktop_notices ?? false;
  const before = useRef({ isAsking, isRunning });
  useEffect(() => {
    const was = before.current;
    before.current = { isAsking, isRunning };
    const news = isAsking && !was.isAsking ? "waits for you." : was.isRunning && !isRunning && !isAsking ? "is done." : undefined;
    if (
      !news ||
      !isWanted ||
      document.visibilityState === "visible" ||
      typeof Notification !== "function" ||
      Notification.permission !== "granted"
    )
      return;
    // One per project: a later one takes the place of an earlier one.
    const notice = new Notification(project, { body: `The agent ${news}`, tag: `tesslate.${project}`, icon: "/icon.svg" });
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
  }, [project, isAsking, isRunning, isWanted]);
}
