import { useQuery } from "@tanstack/react-query";
import type { RunSummary } from "@tesslate/contract";
import { useEffect, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { formatDateTime, formatTime } from "../../lib/time.ts";
import { useProject } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { Kbd } from "../../ui/Kbd.tsx";
import { pictureUrl } from "../chat/index.ts";
import { diffQuery, isPoint, restoreTarget, RunFigures, runsSince, type Entry, type Happening } from "../timeline/index.ts";

/** A point that is held for this long is compared with now. */
const settleMs = 200;

/** What a point of the time strip is, or, while it is held, what a restore of it brings back. */
export function PointCard({
  point,
  entries,
  history,
  isHeld,
}: {
  point: Entry | Happening;
  entries: readonly Entry[];
  history: readonly (Entry | Happening)[];
  isHeld: boolean;
}) {
  return isHeld && isPoint(point) ? <HeldCard entry={point} entries={entries} history={history} /> : <HoverCard point={point} />;
}

/** The app at the end of a run, if the agent checked it. */
const Screenshot = ({ run }: { run: RunSummary }) =>
  run.picture_id === null ? null : (
    <img
      src={pictureUrl(run.task_id, run.picture_id)}
      alt="The app after this run"
      className="block h-28 w-full border-b border-line-0 object-cover object-top"
    />
  );

function HoverCard({ point }: { point: Entry | Happening }) {
  const run = isPoint(point) ? point.run : undefined;
  return (
    <div className="overflow-hidden rounded-3 border border-line-0 bg-bg-1 text-xs text-fg-1 shadow-2">
      {run ? <Screenshot run={run} /> : null}
      <div className="grid gap-1 px-2.5 py-1.5">
        <span className="line-clamp-2 font-medium text-fg-0">{isPoint(point) ? point.title : `${point.name} ${point.title}`}</span>
        <span className="flex items-baseline justify-between gap-4 text-2xs text-fg-2">
          <time dateTime={point.at} title={formatDateTime(point.at)}>
            {formatTime(point.at)}
          </time>
          {run ? <RunFigures run={run} /> : <span>{isPoint(point) ? point.note : point.aside}</span>}
        </span>
      </div>
    </div>
  );
}

function HeldCard({ entry, entries, history }: { entry: Entry; entries: readonly Entry[]; history: readonly (Entry | Happening)[] }) {
  const { id: projectId } = useProject();
  const { api } = useServices();
  /** The point that is held long enough. */
  const [settled, setSettled] = useState<string>();
  useEffect(() => {
    const timer = setTimeout(() => setSettled(entry.id), settleMs);
    return () => clearTimeout(timer);
  }, [entry.id]);
  const diff = useQuery({ ...diffQuery(api, projectId, entry, "now"), enabled: settled === entry.id });
  const files = settled === entry.id && !diff.isPlaceholderData ? diff.data?.total : undefined;
  const runs = runsSince(entry, entries).length;
  const returning = [
    files === undefined ? undefined : counted(files, "file"),
    ...(entry.snapshot?.databases ?? []),
    runs > 0 ? counted(runs, "run") : undefined,
  ].filter((part) => part !== undefined);
  /** Deployments since then, which a restore of the project leaves alone. */
  const staying = history.flatMap((one) => (!isPoint(one) && one.isLive && one.at > entry.at ? [one.name] : []));
  /** The last run whose changes are in the point. */
  const last = entries.findLast(({ run, at, line }) => run !== undefined && line !== "gone" && at < entry.at)?.run;
  return (
    <div className="overflow-hidden rounded-3 bg-fg-0 text-xs text-bg-1 shadow-2">
      {last ? <Screenshot run={last} /> : null}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
        <span>
          Restore to <b className="font-semibold text-inherit">{restoreTarget(entry)}</b>, {formatTime(entry.at)}
        </span>
        {returning.length > 0 ? <span>Changes {returning.join(", ")}</span> : null}
        {staying.length > 0 ? <span className="text-bg-3">{staying.map((name) => `${name} stays live`).join(", ")}</span> : null}
        <span className="flex items-center gap-1 narrow:hidden">
          <Kbd>Esc</Kbd> cancels
        </span>
      </div>
    </div>
  );
}
