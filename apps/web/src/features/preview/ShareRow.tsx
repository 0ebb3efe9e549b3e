import { ChevronRight } from "lucide-react";
import type { PreviewShare } from "@tesslate/contract";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatRelativeTime } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";

/** "Firefox on Linux", as far as a user agent can be trusted. */
export function browserOf(userAgent: string | null): string {
  if (!userAgent) return "Unknown browser";
  const name = /Edg\//.test(userAgent)
    ? "Edge"
    : /Firefox\//.test(userAgent)
      ? "Firefox"
      : /Chrome\//.test(userAgent)
        ? "Chrome"
        : /Safari\//.test(userAgent)
          ? "Safari"
          : (userAgent.split(/[ /]/)[0]?.slice(0, 24) ?? "Unknown browser");
  const system = /Android/.test(userAgent)
    ? "Android"
    : /iPhone|iPad/.test(userAgent)
      ? "iOS"
      : /Windows/.test(userAgent)
        ? "Windows"
        : /Mac OS/.test(userAgent)
          ? "macOS"
          : /Linux/.test(userAgent)
            ? "Linux"
            : undefined;
  return system ? `${name} on ${system}` : name;
}

const visitsText = (count: number) => (count === 0 ? "Not opened yet" : counted(count, "visit"));

/** One active link: URL, expiry and visits. */
export function ShareRow({ share, isGoing, onRevoke }: { share: PreviewShare; isGoing: boolean; onRevoke: () => void }) {
  const [isOpen, setIsOpen] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const name = share.label ?? "Unnamed link";
  return (
    <li className="px-3 py-2">
      <div className="flex items-center gap-2">
        <div className="min-w-0 flex-1">
          <div className="truncate font-medium text-fg-0">{name}</div>
          <div className="truncate font-mono text-2xs text-fg-2" title={share.url}>
            {share.url.replace(/^https?:\/\//, "")}
          </div>
        </div>
        <CopyButton text={share.url} label={share.label ? `Copy link ${share.label}` : "Copy link"} />
        {isAsking ? (
          <>
            <Button size="sm" variant="danger" isLoading={isGoing} loadingWord="Revoking…" onClick={onRevoke} autoFocus>
              Revoke link
            </Button>
            <Button size="sm" variant="ghost" onClick={() => setIsAsking(false)}>
              Cancel
            </Button>
          </>
        ) : (
          <Button size="sm" variant="ghost" aria-label={`Revoke ${name}`} onClick={() => setIsAsking(true)}>
            Revoke
          </Button>
        )}
      </div>
      <div className="mt-1 flex flex-wrap items-center gap-x-3 text-xs text-fg-2">
        <button
          type="button"
          disabled={share.visits.length === 0}
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
          className="-ml-1 inline-flex min-h-6 items-center gap-1 rounded-1 px-1 hover:text-fg-0 disabled:cursor-default disabled:hover:text-fg-2"
        >
          {share.visits.length > 0 ? <ChevronRight size={12} className={cx("transition-transform", isOpen && "rotate-90")} /> : null}
          <span className="num">
            {share.last_visited_at
              ? `${visitsText(share.visit_count)}, last ${formatRelativeTime(share.last_visited_at)}`
              : visitsText(share.visit_count)}
          </span>
        </button>
        <span>
          Expires <RelativeTime at={share.expires_at} />
        </span>
      </div>
      {isOpen ? (
        <ol aria-label={`Visits of ${name}`} className="scroll-y mt-1.5 max-h-40 rounded-2 bg-bg-2 px-2.5 py-1.5 text-xs">
          {share.visits.map((visit, index) => (
            <li key={`${visit.visited_at}-${index}`} className="flex gap-3 py-0.5">
              <RelativeTime at={visit.visited_at} className="w-28 flex-none text-fg-2" />
              <span className="min-w-0 flex-1 truncate" title={visit.user_agent ?? undefined}>
                {browserOf(visit.user_agent)}
              </span>
              <span className="flex-none font-mono text-2xs text-fg-2">{visit.ip}</span>
            </li>
          ))}
          {share.visit_count > share.visits.length ? (
            <li className="pt-1 text-fg-2">Only the last {counted(share.visits.length, "visit")} are kept.</li>
          ) : null}
        </ol>
      ) : null}
    </li>
  );
}
