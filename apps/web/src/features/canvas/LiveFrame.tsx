import type { Container, Preview } from "@tesslate/contract";
import { useEffect, useRef, useState } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { readBridge, withNonce } from "../preview/index.ts";
import { useCanvas } from "./canvas-context.ts";

/** The minimal width of the page; it is scaled down to the node. */
const pageWidthPx = 960;
const savePathMs = 800;

/** The live page of a preview node. It stops when the node is scrolled out of view. */
export function LiveFrame({
  preview,
  container,
  width,
  height,
}: {
  preview: Preview;
  container: Container;
  width: number;
  height: number;
}) {
  const { projectId, savePath, setLive } = useCanvas();
  const { api } = useServices();
  const frame = useRef<HTMLIFrameElement>(null);
  const [entry, setEntry] = useState<{ src: string; origin: string; nonce: string }>();
  const [failure, setFailure] = useState<string>();
  const [isShutOut, setIsShutOut] = useState(false);
  const [count, setCount] = useState(0);
  // The path follows the page's own navigation, which must not reload the frame.
  const [startPath] = useState(preview.current_path);

  useEffect(() => {
    const abort = new AbortController();
    const enter = async () => {
      try {
        const { url } = await api.previews.ticket(
          { params: { id: projectId }, body: { container_id: container.id, path: startPath } },
          { signal: abort.signal },
        );
        const nonce = crypto.randomUUID();
        setFailure(undefined);
        setEntry({ src: withNonce(url, nonce), origin: new URL(url, location.href).origin, nonce });
      } catch (error) {
        if (!abort.signal.aborted) setFailure(sentenceOf(error));
      }
    };
    void enter();
    return () => abort.abort();
  }, [api, projectId, container.id, startPath, count]);

  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const onMessage = useHandler((event: MessageEvent) => {
    if (!entry) return;
    const report = readBridge(event, { window: frame.current?.contentWindow, origin: entry.origin, nonce: entry.nonce });
    if (report?.type !== "ready" && report?.type !== "location") return;
    setIsShutOut(report.page === "unauthorized");
    if (report.page !== "app" || !report.path.startsWith("/") || report.path === preview.current_path) return;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => savePath(preview.id, report.path), savePathMs);
  });
  useEffect(() => {
    addEventListener("message", onMessage);
    return () => {
      removeEventListener("message", onMessage);
      clearTimeout(timer.current);
    };
  }, [onMessage]);

  const box = useRef<HTMLDivElement>(null);
  const goStill = useHandler(() => setLive(undefined));
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const watch = new IntersectionObserver(([seen]) => {
      if (seen && !seen.isIntersecting) goStill();
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, [goStill]);

  const scale = Math.min(1, width / pageWidthPx);
  return (
    <div ref={box} className="nodrag nopan nowheel h-full">
      {failure || isShutOut ? (
        <div role="alert" className="grid h-full content-center justify-items-center gap-2 p-3 text-center text-xs text-fg-2">
          {failure ?? "Your browser blocks the preview's cookie here. Open the preview in a tab."}
          <Button size="sm" onClick={() => setCount(count + 1)}>
            Retry
          </Button>
        </div>
      ) : null}
      {entry && !failure ? (
        <iframe
          ref={frame}
          data-testid="node-frame"
          title={`Live preview of ${container.name}`}
          src={entry.src}
          sandbox="allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads"
          className="block origin-top-left border-0 bg-[Canvas] [color-scheme:light]"
          style={{ width: width / scale, height: height / scale, transform: `scale(${scale})` }}
        />
      ) : failure ? null : (
        <div className="grid h-full place-items-center">
          <Spinner word="Loading preview…" />
        </div>
      )}
    </div>
  );
}
