import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { AdminPreparationItem } from "@tesslate/contract";
import { api } from "../../api.ts";
import { formatBytes } from "../../lib/bytes.ts";
import { formatTime } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { usePreparation, usePreparationActions } from "../preparation/index.ts";
import { TimeOrNever, State } from "./State.tsx";
import { preparationLooks } from "./state-words.ts";

/** Templates and the browser: what is prepared, what failed and why, and the choice what the server keeps. */
export function PreparationList() {
  const items = usePreparation();
  // Loaded again after each event.
  const key = items?.map(({ id, state }) => `${id} ${state}`).join();
  const list = useQuery({
    queryKey: ["admin", "preparation", key],
    queryFn: ({ signal }) => api.adminPreparation.list(undefined, { signal }),
    placeholderData: keepPreviousData,
  });
  const [asked, setAsked] = useState<AdminPreparationItem>();
  const { remove } = usePreparationActions();
  return (
    <section aria-label="Templates and browser">
      <h2 className="mb-2 text-xs font-medium text-fg-0">Templates and browser</h2>
      {list.error && !list.data ? (
        <LoadFailed className="px-0" title="Couldn't load templates and browser" of={list} />
      ) : !list.data ? (
        <SkeletonRows count={3} label="Loading…" />
      ) : (
        <ul className="divide-y divide-line-0 border-y border-line-0 text-xs">
          {list.data.items.map((item) => (
            <Row key={item.id} item={item} onRemove={() => setAsked(item)} />
          ))}
        </ul>
      )}
      {asked ? (
        <ConfirmDialog
          isOpen
          onOpenChange={(isOpen) => isOpen || setAsked(undefined)}
          title={asked.state === "ready" ? `Remove ${asked.name}?` : `Stop preparing ${asked.name}?`}
          confirmLabel={asked.state === "ready" ? "Remove" : "Stop preparing"}
          isDanger
          onConfirm={async () => {
            await remove.mutateAsync(asked.id);
            toast(`${asked.name} won't be prepared automatically.`);
          }}
        >
          {asked.kind === "browser"
            ? "Without a browser the agent can't check apps, and the launch gate can't open pages. You can install it again here."
            : "Projects keep their files. The next project from this template waits until its dependencies are installed."}
        </ConfirmDialog>
      ) : null}
    </section>
  );
}

function Row({ item, onRemove }: { item: AdminPreparationItem; onRemove: () => void }) {
  const { prepare } = usePreparationActions();
  const isUnderway = item.state === "preparing" || item.state === "waiting";
  const verb = item.kind === "browser" ? "Install" : "Prepare";
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-1.5">
      <span className="w-36 flex-none truncate font-medium text-fg-0">{item.name}</span>
      <span className="w-24 flex-none">
        <State look={preparationLooks[item.state]} />
      </span>
      <span className="min-w-0 flex-1 basis-52 text-fg-2">
        {item.error ? (
          <span className="text-err">
            {item.error}
            {item.next_attempt_at ? ` The next attempt is at ${formatTime(item.next_attempt_at)}.` : ""}
          </span>
        ) : (
          item.note
        )}
        {item.log.length > 0 ? (
          <details>
            <summary className="cursor-pointer">Last lines of output</summary>
            <pre className="mt-1 max-h-48 scroll-y rounded-2 border border-line-0 bg-bg-2 p-2 whitespace-pre-wrap text-fg-1">
              {item.log.join("\n")}
            </pre>
          </details>
        ) : null}
      </span>
      {item.bytes === null ? null : <span className="num flex-none text-fg-2">{formatBytes(item.bytes)}</span>}
      {item.prepared_at === null ? null : (
        <span className="flex-none text-fg-2">
          <TimeOrNever at={item.prepared_at} />
        </span>
      )}
      {item.is_removable ? (
        <span className="flex gap-1">
          {isUnderway ? null : (
            <Button
              size="sm"
              isLoading={prepare.isPending}
              loadingWord="Starting…"
              aria-label={`${item.state === "ready" ? `${verb} again` : verb}: ${item.name}`}
              onClick={() => prepare.mutate(item.id, { onError: (error) => toastError(error) })}
            >
              {item.state === "ready" ? `${verb} again` : verb}
            </Button>
          )}
          {item.state === "off" ? null : (
            <Button
              size="sm"
              variant="ghost"
              aria-label={`${item.state === "ready" ? "Remove" : "Stop preparing"}: ${item.name}`}
              onClick={onRemove}
            >
              {item.state === "ready" ? "Remove…" : "Stop…"}
            </Button>
          )}
        </span>
      ) : null}
    </li>
  );
}
