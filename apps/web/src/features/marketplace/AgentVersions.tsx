import { useQuery } from "@tanstack/react-query";
import type { AgentDetail } from "@tesslate/contract";
import { sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { ItemSection } from "./ItemPage.tsx";
import { agentVersionsQuery, useUpdateVersion } from "./store.queries.ts";

/** The version of the library's agent is not the latest one. */
export const isOutdated = ({ library_version, latest_version }: Pick<AgentDetail, "library_version" | "latest_version">): boolean =>
  library_version !== null && latest_version !== null && library_version < latest_version.number;

/** Says that there is a newer version than the one in the library, and updates to it. */
export function UpdateBanner({ agent }: { agent: AgentDetail }) {
  const update = useUpdateVersion();
  if (!isOutdated(agent) || !agent.latest_version) return null;
  const { number, notes } = agent.latest_version;
  return (
    <Banner className="mt-4">
      <div className="flex flex-wrap items-center gap-3">
        <span className="min-w-0 flex-1 basis-60">
          Version {number} is available. You run version {agent.library_version}.
          {notes ? <span className="mt-1 block wrap-anywhere whitespace-pre-wrap text-fg-1">{notes}</span> : null}
          {update.error ? (
            <span role="alert" className="block text-err">
              {sentenceOf(update.error)}
            </span>
          ) : null}
        </span>
        <Button
          isLoading={update.isPending}
          loadingWord="Updating…"
          onClick={() => update.mutate(agent.id, { onSuccess: () => toast(`${agent.name} updated to version ${number}.`) })}
        >
          Update agent
        </Button>
      </div>
    </Banner>
  );
}

/** The published versions with their notes. */
export function AgentVersions({ agent }: { agent: AgentDetail }) {
  const list = useQuery({ ...agentVersionsQuery(agent.id), enabled: agent.latest_version !== null });
  if (agent.latest_version === null) return null;
  return (
    <ItemSection title="Versions">
      {list.isPending ? (
        <SkeletonRows count={2} label="Loading versions…" />
      ) : !list.data ? (
        <LoadFailed className="px-0" title="Couldn't load versions" of={list} />
      ) : (
        <ul role="list" className="divide-y divide-line-0 border-y border-line-0">
          {list.data.items.map(({ number, notes, created_at }) => (
            <li key={number} className="py-2.5">
              <p className="flex flex-wrap items-center gap-x-2.5 text-sm">
                <span className="num font-medium text-fg-0">Version {number}</span>
                {number === agent.library_version ? <Pill>Yours</Pill> : null}
                <span className="text-xs text-fg-2">
                  <RelativeTime at={created_at} />
                </span>
              </p>
              {notes ? <p className="mt-0.5 max-w-[70ch] text-sm wrap-anywhere whitespace-pre-wrap text-fg-1">{notes}</p> : null}
            </li>
          ))}
        </ul>
      )}
    </ItemSection>
  );
}
