import { formatDateTime, formatRelativeTime } from "../lib/time.ts";

/** How long ago or ahead a moment is, with the moment in full as its title. */
export const RelativeTime = ({ at, className }: { at: string; className?: string }) => (
  <time dateTime={at} title={formatDateTime(at)} className={className}>
    {formatRelativeTime(at)}
  </time>
);
