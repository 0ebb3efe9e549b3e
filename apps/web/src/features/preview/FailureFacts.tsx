import { CircleX } from "lucide-react";
import { counted } from "../../lib/counted.ts";
import { formatDateTime, formatTime } from "../../lib/time.ts";
import type { AppFailure } from "./app-failure.ts";

/** The first line of the error, where it happened, when and how often. Everything of it is plain text from the app. */
export const FailureFacts = ({ failure, onOpenFile }: { failure: AppFailure; onOpenFile: (place: string) => void }) => {
  const { title, message, place, at, count, more } = failure;
  return (
    <div className="flex min-w-0 gap-2 leading-[1.45]">
      <CircleX size={15} className="mt-0.5 flex-none text-err" aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <p className="text-xs text-fg-2">
          {title}
          {at ? (
            <>
              {", "}
              <time dateTime={at} title={formatDateTime(at)} className="num">
                {formatTime(at)}
              </time>
            </>
          ) : null}
          {count > 1 ? <span className="num">, {counted(count, "time")}</span> : null}
          {more > 0 ? <span className="num">, {counted(more, "more error")}</span> : null}
        </p>
        <p className="line-clamp-2 font-mono text-xs break-words text-fg-0">{message}</p>
        {place ? (
          <button
            type="button"
            title={`Open ${place}`}
            onClick={() => onOpenFile(place)}
            className="max-w-full truncate font-mono text-2xs text-fg-1 underline decoration-line-1 underline-offset-2 hover:text-fg-0 narrow:min-h-11"
          >
            {place}
          </button>
        ) : null}
      </div>
    </div>
  );
};
