import { useEffect } from "react";
import { useServices } from "../../project/services.ts";

/** So often at most the server is told that somebody works here. */
const everyMs = 60_000;

/** Tells the server of a person at work, so that the project stays awake: not of a tab that is merely open. */
export function useActivity(projectId: string): void {
  const { api } = useServices();
  useEffect(() => {
    let toldAt = 0;
    const tell = () => {
      const now = Date.now();
      if (now - toldAt < everyMs || document.visibilityState !== "visible") return;
      toldAt = now;
      // Missed once, it is told a minute later.
      api.projects.activity({ params: { id: projectId } }).catch(() => undefined);
    };
    const signs = ["pointerdown", "keydown", "wheel"] as const;
    for (const sign of signs) addEventListener(sign, tell, { passive: true, capture: true });
    return () => {
      for (const sign of signs) removeEventListener(sign, tell, { capture: true });
    };
  }, [api, projectId]);
}
