import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { GitProvider, GitProviderRepo } from "@tesslate/contract";
import { Check, Lock, Search } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { cx } from "../../lib/cx.ts";
import { hasCode } from "../../lib/errors.ts";
import { formatRelativeTime } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Select } from "../../ui/Select.tsx";
import { ShowMore } from "../../ui/ShowMore.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { ConnectForm } from "./ConnectForm.tsx";
import { gitProvidersQuery, repoBranchesQuery, reposQuery, type AccountPlace } from "./git-accounts.queries.ts";

export interface PickedRepo {
  place: AccountPlace;
  repo: GitProviderRepo;
}

/** The person's repositories by host. Without an account on a host, it can be connected here. */
export function RepoPicker({ picked, onPick }: { picked: PickedRepo | undefined; onPick: (picked: PickedRepo | undefined) => void }) {
  const query = useQuery(gitProvidersQuery);
  const all = query.data?.filter(({ can }) => can.browse) ?? [];
  const [chosen, setChosen] = useState<string>();
  const [host, setHost] = useState<string>();
  const provider = all.find(({ name }) => name === chosen) ?? all.find(({ connected }) => connected) ?? all[0];
  if (!query.data)
    return query.error ? (
      <LoadFailed className="p-0!" title="Couldn't load Git accounts" of={query} />
    ) : (
      <SkeletonRows count={4} label="Loading Git accounts…" />
    );
  if (!provider) return null;
  const account = provider.accounts.find(({ base_url }) => base_url === host) ?? provider.accounts[0];
  return (
    <div className="grid min-w-0 gap-3">
      <div className="flex min-w-0 flex-wrap items-center gap-2 overflow-x-auto">
        <SegmentedControl
          label="Host"
          value={provider.name}
          onChange={(next) => {
            setChosen(next);
            onPick(undefined);
          }}
          segments={all.map(({ name, display_name }) => ({ value: name, label: display_name }))}
        />
        {provider.accounts.length > 1 && account ? (
          <Select
            label="Account"
            size="sm"
            className="max-w-56"
            value={account.base_url}
            onChange={(next) => {
              setHost(next);
              onPick(undefined);
            }}
            options={provider.accounts.map(({ base_url, provider_username }) => ({
              value: base_url,
              label: `${provider_username ?? "Account"} at ${URL.parse(base_url)?.host ?? base_url}`,
            }))}
          />
        ) : null}
      </div>
      {account ? (
        <Repos
          key={`${provider.name} ${account.base_url}`}
          provider={provider}
          place={{ provider: provider.name, base_url: account.base_url }}
          picked={picked}
          onPick={onPick}
        />
      ) : (
        <ConnectForm key={provider.name} provider={provider} onConnected={() => setChosen(provider.name)} />
      )}
    </div>
  );
}

function Repos({
  provider,
  place,
  picked,
  onPick,
}: {
  provider: GitProvider;
  place: AccountPlace;
  picked: PickedRepo | undefined;
  onPick: (picked: PickedRepo) => void;
}) {
  const [text, setText] = useState("");
  const search = useDeferredValue(text.trim());
  const query = useInfiniteQuery(reposQuery(place, search));
  const repos = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.error && hasCode(query.error, "provider_token_expired", "provider_not_connected"))
    return (
      <div className="grid gap-3">
        <Banner tone="warn">Reconnect your {provider.display_name} account to see its repositories.</Banner>
        <ConnectForm provider={provider} host={place.base_url} onConnected={() => void query.refetch()} />
      </div>
    );
  return (
    <div className="grid gap-2">
      <Input
        isSoft
        leading={<Search size={14} className="flex-none text-fg-3" />}
        aria-label="Find a repository"
        placeholder="Find a repository"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {!query.data ? (
        query.error ? (
          <LoadFailed className="p-0!" title="Couldn't load repositories" of={query} />
        ) : (
          <SkeletonRows count={5} label="Loading repositories…" />
        )
      ) : repos.length === 0 ? (
        <p className="py-3 text-sm text-fg-2">{search ? `No results for “${search}”` : "No repositories yet"}</p>
      ) : (
        <div
          role="radiogroup"
          aria-label="Repository"
          aria-busy={query.isFetching}
          className="max-h-64 scroll-y rounded-2 border border-line-0 p-1"
        >
          {query.isRefetchError ? <ShownFromBefore of={query} className="mb-1" /> : null}
          {repos.map((repo) => (
            <RepoRow
              key={repo.id}
              repo={repo}
              isPicked={picked?.repo.id === repo.id && picked.place.provider === place.provider}
              onPick={() => onPick({ place, repo })}
            />
          ))}
          <ShowMore of={query} />
        </div>
      )}
    </div>
  );
}

function RepoRow({ repo, isPicked, onPick }: { repo: GitProviderRepo; isPicked: boolean; onPick: () => void }) {
  const isEmpty = repo.default_branch === null;
  return (
    <button
      type="button"
      role="radio"
      aria-checked={isPicked}
      disabled={isEmpty}
      onClick={onPick}
      className={cx(
        "flex min-h-9 w-full min-w-0 items-center gap-2 rounded-1 px-2 py-1 text-left hover:bg-bg-2 disabled:hover:bg-transparent narrow:min-h-11",
        isPicked && "bg-bg-3 hover:bg-bg-3",
      )}
    >
      <span className="w-3.5 flex-none">
        {isPicked ? <Check size={14} /> : repo.private ? <Lock size={12} className="text-fg-2" /> : null}
      </span>
      <span className="min-w-0 flex-1">
        <span className={cx("block truncate text-sm", isEmpty ? "text-fg-2" : "text-fg-0")}>
          {repo.full_name}
          {repo.private ? <span className="sr-only">, private</span> : null}
        </span>
        {repo.description ? <span className="block truncate text-xs text-fg-2">{repo.description}</span> : null}
      </span>
      <span className="num flex-none text-2xs text-fg-2">
        {isEmpty ? "empty" : [repo.language, repo.updated_at && formatRelativeTime(repo.updated_at)].filter(Boolean).join(", ")}
      </span>
    </button>
  );
}

/** The branches of a repository. Only its default branch while they load or if loading fails. */
export function BranchSelect({
  picked,
  value,
  onChange,
}: {
  picked: { place: AccountPlace; repo: Pick<GitProviderRepo, "owner" | "name" | "default_branch"> };
  value: string;
  onChange: (branch: string) => void;
}) {
  const query = useQuery(repoBranchesQuery(picked.place, picked.repo));
  const usual = picked.repo.default_branch ?? "";
  const names = query.data?.map(({ name }) => name) ?? [usual];
  return (
    <Select
      value={names.includes(value) ? value : usual}
      onChange={onChange}
      isDisabled={query.isPending}
      options={(names.includes(usual) ? names : [usual, ...names]).filter(Boolean).map((name) => ({
        value: name,
        label: name,
        ...(name === usual && { hint: "Default" }),
      }))}
    />
  );
}
