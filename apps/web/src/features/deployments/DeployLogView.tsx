import { useVirtualizer } from "@tanstack/react-virtual";
import type { Deployment } from "@tesslate/contract";
import { ArrowDownToLine, Download } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { placesIn } from "../../lib/place-links.ts";
import { formatLogTime } from "../../lib/time.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { PauseBars } from "../../ui/icons.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { textOf, type DeployLine } from "./deploy-log.ts";
import { isUnderWay, versionName } from "./deployments.ts";
import type { DeployLog } from "./use-deploy-log.ts";

const rowPx = 19;
/** This close to the end counts as the end. */
const nearPx = 24;
/** Rows smaller than estimated move the scroll position by up to this much. */
const slackPx = 4;

/** The log lines; follows the end until the person scrolls up or pauses. */
export function DeployLogView({
  deployment,
  log,
  onOpenFile,
}: {
  deployment: Deployment;
  log: DeployLog;
  onOpenFile: (place: string) => void;
}) {
  const { lines, state } = log;
  const box = useRef<HTMLDivElement>(null);
  const [isFollowing, setIsFollowing] = useState(true);
  // The virtualiser is a mutable object on purpose; nothing here is memoised over it.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowPx,
    getItemKey: (index) => lines[index]?.key ?? index,
    overscan: 20,
  });
  const toEnd = useHandler(() => {
    if (lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  });
  const height = virtual.getTotalSize();
  useEffect(() => {
    if (isFollowing) toEnd();
  }, [isFollowing, lines.length, height, toEnd]);
  const download = () => {
    const url = URL.createObjectURL(new Blob([`${textOf(lines)}\n`], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `${deployment.metadata.container_name}-${versionName(deployment)}.log`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  // New lines never move the scroll position, so moving up is a person scrolling.
  const lastTop = useRef(0);
  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < nearPx;
    if (isAtEnd) setIsFollowing(true);
    else if (element.scrollTop < lastTop.current - slackPx) setIsFollowing(false);
    lastTop.current = element.scrollTop;
  };
  const isGoing = isUnderWay(deployment);
  return (
    <section aria-label="Log" className="flex min-h-64 flex-1 flex-col border-t border-line-0">
      <div className="flex h-8.5 flex-none items-center gap-2 pr-2.5 pl-5 text-xs narrow:h-11 narrow:pl-4">
        <b>Log</b>
        <span role="status" className={cx("min-w-0 flex-1 truncate", state === "reconnecting" ? "text-warn" : "text-fg-2")}>
          {state === "reconnecting"
            ? "Reconnecting…"
            : state === "gone"
              ? log.refusal
              : !isGoing
                ? counted(lines.length, "line")
                : isFollowing
                  ? "Following"
                  : "Paused"}
        </span>
        {isFollowing ? (
          isGoing ? (
            <IconButton size="sm" label="Pause log" onClick={() => setIsFollowing(false)}>
              <PauseBars size={14} />
            </IconButton>
          ) : null
        ) : (
          <IconButton size="sm" label="Follow log" onClick={() => setIsFollowing(true)}>
            <ArrowDownToLine size={14} />
          </IconButton>
        )}
        <CopyButton text={() => textOf(lines)} label="Copy log" />
        <IconButton size="sm" label="Download log" disabled={lines.length === 0} onClick={download}>
          <Download size={14} />
        </IconButton>
      </div>
      <div
        ref={box}
        {...scrollable}
        role="log"
        aria-live="off"
        aria-label={`Log of ${versionName(deployment)}`}
        className="scroll-y min-h-0 flex-1 bg-term-bg focus-visible:-outline-offset-2"
        onScroll={onScroll}
      >
        {lines.length === 0 ? (
          <p className="px-5 py-1 font-mono text-xs text-(--term-bright-black) narrow:px-4">
            {state === "connecting" || isGoing ? "No output yet." : "No output."}
          </p>
        ) : (
          <ol role="list" className="relative font-mono text-xs leading-code" style={{ height }}>
            {virtual.getVirtualItems().map((item) => {
              const line = lines[item.index];
              return line ? (
                <li
                  key={item.key}
                  ref={virtual.measureElement}
                  data-index={item.index}
                  className="absolute inset-x-0 top-0 flex gap-3 px-5 narrow:px-4"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <Line line={line} onOpenFile={onOpenFile} />
                </li>
              ) : null;
            })}
          </ol>
        )}
      </div>
    </section>
  );
}

function Line({ line, onOpenFile }: { line: DeployLine; onOpenFile: (place: string) => void }) {
  return (
    <>
      <time dateTime={line.at} className="num flex-none text-(--term-bright-black)">
        {formatLogTime(line.at ?? "")}
      </time>
      {line.step ? (
        <span className="min-w-0 font-semibold text-(--term-blue)" data-step={line.step}>
          {line.text}
        </span>
      ) : (
        <span className="min-w-0 break-words whitespace-pre-wrap text-term-fg">{withPlaces(line.text, onOpenFile)}</span>
      )}
    </>
  );
}

/** The text with every `file:line` as a button that opens the editor. */
function withPlaces(text: string, onOpenFile: (place: string) => void): ReactNode {
  const places = placesIn(text, ".", (path) => path.includes(".") && !path.includes("node_modules")).filter(({ place }) =>
    /:\d+/.test(place),
  );
  if (places.length === 0) return text;
  const out: ReactNode[] = [];
  let from = 0;
  for (const { place, from: at, to } of places) {
    out.push(
      text.slice(from, at),
      <button key={at} type="button" className="underline underline-offset-2 hover:text-(--term-blue)" onClick={() => onOpenFile(place)}>
        {text.slice(at, to)}
      </button>,
    );
    from = to;
  }
  out.push(text.slice(from));
  return out;
}
