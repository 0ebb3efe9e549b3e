import { useEffect, useState } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import type { PlaceReport } from "./bridge.ts";

/**
 * How far the page of the frame is: `requested`, nothing has arrived; `received`, its document has arrived, but it shows nothing yet; `shown`;
 * `unanswered`, it takes too long.
 */
export type PageLoad = "requested" | "received" | "shown" | "unanswered";

/** A page that takes longer is reported as not responding; it is shown as soon as it does. */
export const longestLoadMs = 45_000;
/** A loaded document whose bridge has not reported in by then has none. */
const bridgeMs = 1_500;

/** Follows the first load of the frame: from its request to the first paint. */
export function usePageLoad() {
  const [load, setLoad] = useState<PageLoad>("requested");
  const [loadedFrames, setLoadedFrames] = useState(0);
  const isWaiting = load === "requested" || load === "received";
  useEffect(() => {
    if (!isWaiting) return undefined;
    const timer = setTimeout(() => setLoad("unanswered"), longestLoadMs);
    return () => clearTimeout(timer);
  }, [isWaiting]);
  useEffect(() => {
    if (loadedFrames === 0) return undefined;
    const timer = setTimeout(() => setLoad((now) => (now === "requested" ? "shown" : now)), bridgeMs);
    return () => clearTimeout(timer);
  }, [loadedFrames]);
  return {
    load,
    requested: useHandler(() => {
      setLoadedFrames(0);
      setLoad("requested");
    }),
    /** The page's bridge has reported in. */
    reported: useHandler(({ type, page }: PlaceReport) => {
      if (type === "painted" || page !== "app") setLoad("shown");
      else if (load === "requested") setLoad("received");
    }),
    /** The frame has loaded a document, with or without a bridge. */
    frameLoaded: useHandler(() => setLoadedFrames((count) => count + 1)),
    show: useHandler(() => setLoad("shown")),
  };
}
