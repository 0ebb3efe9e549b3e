import { useEffect } from "react";
import { useServices } from "../../project/services.ts";

/** Activity is reported at most this often. */
const everyMs = 60_000;

/** Reports input to the server, so that the project stays awake; an open tab alone does not count. */
export function useActivity(projectId: string): void {
  const { api } = useServices();
  useEffect(() => {
    let reportedAt = 0;
    const report = () => {
      const now = Date.now();
      if (now - reportedAt < everyMs || document.visibilityState !== "visible") return;
      reportedAt = now;
      // If it fails, the next report follows in a minute.
      api.projects.activity({ params: { id: projectId } }).catch(() => undefined);
    };
    const signs = ["pointerdown", "keydown", "wheel"] as const;
    for (const sign of signs) addEventListener(sign, report, { passive: true, capture: true });
    return () => {
      for (const sign of signs) removeEventListener(sign, report, { capture: true });
    };
  }, [api, projectId]);
}
