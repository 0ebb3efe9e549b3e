import type { ScheduledCopies } from "@tesslate/contract";
import { isCopyLate } from "../../lib/late-copy.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";

/** When the changes of the project were last copied to where they survive a lost disk. */
export function CopyLine({ copies: { copied_until, due_since, every_minutes } }: { copies: ScheduledCopies }) {
  return (
    <p
      className="min-w-0 flex-1 text-xs text-fg-2 narrow:order-last narrow:basis-full narrow:pb-1.5 narrow:pl-1"
      title={`Files and databases are copied to the server's file storage every ${every_minutes} minutes if they changed. If the disk is lost, they are restored from there.`}
    >
      {copied_until === null ? (
        "No copy yet"
      ) : (
        <>
          Last copy <RelativeTime at={copied_until} />
        </>
      )}
      {isCopyLate(due_since) ? (
        <span className="text-warn">
          {" · "}The next copy has been due since <RelativeTime at={due_since} />
        </span>
      ) : null}
    </p>
  );
}
