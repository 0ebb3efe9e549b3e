import type { Deployment } from "@tesslate/contract";
import { useEffect, useState } from "react";
import { formatDuration } from "../../lib/durations.ts";
import { Button } from "../../ui/Button.tsx";
import { toastError } from "../../ui/toast.tsx";
import { durationOf, isUnderWay } from "./deployments.ts";
import { useDeploys } from "./deploys-context.ts";

const tickMs = 1000;

/** Duration, and a button that stops it. */
export function DeploymentHead({ deployment }: { deployment: Deployment }) {
  const { cancel } = useDeploys();
  const [nowMs, setNowMs] = useState(() => Date.now());
  const [isStopping, setIsStopping] = useState(false);
  const isGoing = isUnderWay(deployment);
  useEffect(() => {
    if (!isGoing) return undefined;
    const timer = setInterval(() => setNowMs(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, [isGoing]);
  const stop = () => {
    setIsStopping(true);
    cancel(deployment)
      .catch((error: unknown) => toastError(error))
      .finally(() => setIsStopping(false));
  };
  const ms = durationOf(deployment, nowMs);
  return (
    <>
      <span className="num flex-none text-xs text-fg-2" title="Duration">
        {formatDuration(ms)}
      </span>
      {isGoing ? (
        <Button size="sm" variant="ghost" className="text-err!" isLoading={isStopping} loadingWord="Stopping…" onClick={stop}>
          Stop
        </Button>
      ) : null}
    </>
  );
}
