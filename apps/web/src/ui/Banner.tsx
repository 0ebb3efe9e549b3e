import { CircleX, Info, TriangleAlert } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";
import { cx } from "../lib/cx.ts";

type BannerTone = "info" | "warn" | "err";
const icons: Record<BannerTone, ReactNode> = {
  info: <Info className="text-info" />,
  warn: <TriangleAlert className="text-warn" />,
  err: <CircleX className="text-err" />,
};

/** A sentence about this whole view, with at most two actions. In a form it is the answer to what was sent: it scrolls into view. */
export function Banner({
  tone = "info",
  children,
  action,
  className,
}: {
  tone?: BannerTone;
  children: ReactNode;
  action?: ReactNode;
  className?: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (tone === "err" && box.current?.closest("form")) box.current.scrollIntoView({ block: "nearest" });
  }, [tone]);
  return (
    <div
      ref={box}
      role={tone === "err" ? "alert" : "status"}
      className={cx(
        "flex flex-wrap items-center gap-x-2.5 gap-y-2 rounded-3 border border-line-0 bg-bg-1 px-3 py-2.5 text-sm text-fg-0",
        className,
      )}
    >
      <span className="flex min-w-0 flex-1 basis-48 gap-2.5">
        {/* Beside the first line. */}
        <span className="flex h-lh flex-none items-center">{icons[tone]}</span>
        <span className="min-w-0 flex-1">{children}</span>
      </span>
      {action ? <span className="flex flex-wrap gap-1.5">{action}</span> : null}
    </div>
  );
}
