import { useEffect, useState } from "react";
import { formatDuration } from "../../../lib/durations.ts";

/** Time since `since`, updated every 100 ms. */
export function Elapsed({ since }: { since: string | undefined }) {
  const [mountedAt] = useState(() => Date.now());
  const [now, setNow] = useState(mountedAt);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  // A server clock that is ahead must not give a negative time.
  const from = Math.min(Number.isNaN(Date.parse(since ?? "")) ? mountedAt : Date.parse(since ?? ""), mountedAt);
  return <span className="num">{formatDuration(Math.max(0, now - from))}</span>;
}
