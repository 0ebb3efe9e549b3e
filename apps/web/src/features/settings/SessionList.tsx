import { useQuery } from "@tanstack/react-query";
import type { Session } from "@tesslate/contract";
import { browserName } from "../../lib/browser-name.ts";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { sessionsQuery, useSessionActions } from "../auth/index.ts";

/** The user's sessions, each of which can be ended. */
export function SessionList() {
  const { data, error, refetch, isFetching } = useQuery(sessionsQuery);
  const { end, endOthers } = useSessionActions();
  const others = (data?.items ?? []).filter((session) => !session.current);
  const report = (failure: unknown) => toastError(failure);
  return (
    <SettingsSection
      id="sessions"
      title="Sessions"
      hint="Where you are signed in."
      action={
        others.length > 0 ? (
          <Button
            size="sm"
            isLoading={endOthers.isPending}
            loadingWord="Signing out…"
            onClick={() => endOthers.mutate(undefined, { onSuccess: () => toast("Signed out everywhere else."), onError: report })}
          >
            Sign out everywhere else
          </Button>
        ) : null
      }
    >
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
      {error && !data ? (
        <LoadFailed className="px-0" title="Couldn't load sessions" of={{ error, refetch, isFetching }} />
      ) : data ? (
        <ul ref={keepRowFocus} className="divide-y divide-line-0 border-y border-line-0">
          {data.items.map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              isEnding={end.isPending && end.variables === session.id}
              onEnd={() => end.mutate(session.id, { onError: report })}
            />
          ))}
        </ul>
      ) : (
        <SkeletonRows count={3} label="Loading sessions…" />
      )}
    </SettingsSection>
  );
}

function SessionRow({ session, isEnding, onEnd }: { session: Session; isEnding: boolean; onEnd: () => void }) {
  const name = browserName(session.user_agent);
  return (
    <li className="flex items-center gap-3 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="truncate text-fg-0" title={session.user_agent ?? undefined}>
          {name}
        </p>
        <p className="text-xs text-fg-2">
          {session.ip ?? "Unknown IP address"} · Last used <RelativeTime at={session.last_used_at} />
        </p>
      </div>
      {session.current ? (
        <Pill tone="ok">Current session</Pill>
      ) : (
        <Button size="sm" variant="ghost" isLoading={isEnding} loadingWord="Signing out…" onClick={onEnd} aria-label={`Sign out ${name}`}>
          Sign out
        </Button>
      )}
    </li>
  );
}
