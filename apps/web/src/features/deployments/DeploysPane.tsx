import type { DeployProvider } from "@tesslate/contract";
import { ArrowUpFromLine, Globe, X } from "lucide-react";
import { useSearch } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import { cx } from "../../lib/cx.ts";
import { detailsOf } from "../../lib/errors.ts";
import { useContainers, useProjectEvents } from "../../project/project-context.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Bar } from "../../ui/Panel.tsx";
import { Select } from "../../ui/Select.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { DomainsDialog } from "../domains/index.ts";
import { DeployAllDialog } from "./DeployAllDialog.tsx";
import { DeploymentDetails } from "./DeploymentDetails.tsx";
import { DeploymentHead } from "./DeploymentHead.tsx";
import { versionName, providerTitle, deployProviderNames, providers, seriesOf } from "./deployments.ts";
import { useDeploys } from "./deploys-context.ts";
import { VersionList } from "./VersionList.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const every = "all";

/** All deployments by container and provider, with the details of the chosen one next to them. */
export function DeploysPane() {
  const containers = useContainers();
  const events = useProjectEvents();
  const { list, error, retry, isRetrying, openForm, show } = useDeploys();
  const addressed = useSearch({ from: "/app/p/$slug/{-$view}", shouldThrow: false })?.deployment;
  const [own, setOwn] = useState<string>();
  const [provider, setProvider] = useState<DeployProvider | typeof every>(every);
  const [containerName, setContainerName] = useState<string>(every);
  const [isAll, setIsAll] = useState(false);
  const [isDomains, setIsDomains] = useState(false);
  const chosenId = addressed ?? own;
  const choose = (id: string | undefined) => {
    setOwn(id);
    show(id);
  };

  const all = seriesOf(list ?? []);
  const names = [...new Set(all.map((series) => series.containerName))];
  const shown = all.filter(
    (series) => (provider === every || series.provider === provider) && (containerName === every || series.containerName === containerName),
  );
  const clearFilters = () => {
    setProvider(every);
    setContainerName(every);
  };
  const chosen = list?.find(({ id }) => id === chosenId);
  const bases = containers.filter((container) => container.container_type === "base");
  const deploy = (
    <Button variant="primary" icon={<ArrowUpFromLine size={14} />} onClick={() => openForm()}>
      Deploy
    </Button>
  );
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      {list && list.length > 0 ? (
        <Bar label="Deployments" className={cx("gap-2 px-3", chosen && "narrow:hidden")}>
          <Select
            label="Provider"
            size="sm"
            className="w-36!"
            value={provider}
            onChange={(next) => setProvider(next as DeployProvider | typeof every)}
            options={[
              { value: every, label: "All providers" },
              ...providers
                .filter((candidate) => all.some((series) => series.provider === candidate))
                .map((candidate) => ({ value: candidate, label: deployProviderNames[candidate] })),
            ]}
          />
          {names.length > 1 ? (
            <Select
              label="Container"
              size="sm"
              className="w-40!"
              value={containerName}
              onChange={setContainerName}
              options={[{ value: every, label: "All containers" }, ...names.map((name) => ({ value: name, label: name }))]}
            />
          ) : null}
          {events.state === "reconnecting" ? <Spinner word="Reconnecting…" className="text-xs text-fg-2" /> : null}
          <span className="flex-1" />
          {bases.length > 1 ? (
            <Button size="sm" onClick={() => setIsAll(true)}>
              Deploy all…
            </Button>
          ) : null}
          {list.some((deployment) => deployment.provider === "local") ? (
            <Button size="sm" icon={<Globe size={14} />} onClick={() => setIsDomains(true)}>
              Domains…
            </Button>
          ) : null}
        </Bar>
      ) : null}
      <div className={cx("grid min-h-0 flex-1", chosen ? "grid-cols-[minmax(0,1fr)_minmax(380px,632px)] mid:grid-cols-1" : "grid-cols-1")}>
        <section
          aria-label="Versions, oldest first"
          className={cx("scroll-y min-h-0 min-w-0 pt-3 pr-5 pb-6 pl-3 narrow:pr-2 narrow:pl-1", chosen && "mid:hidden")}
        >
          {!list && error ? (
            <ErrorState title="Couldn't load deployments" onRetry={retry} isRetrying={isRetrying} details={detailsOf(error)}>
              <ErrorSentence of={error} />
            </ErrorState>
          ) : !list ? (
            <div role="status" aria-label="Loading deployments…" className="grid gap-3 pt-2 pl-9">
              <Skeleton className="h-5 w-40" />
              {["w-3/5", "w-4/5", "w-1/2"].map((width) => (
                <Skeleton key={width} className={cx("h-11", width)} />
              ))}
            </div>
          ) : list.length === 0 ? (
            <EmptyState
              title="No deployments yet"
              action={
                <div className="flex flex-wrap gap-2">
                  {deploy}
                  {bases.length > 1 ? <Button onClick={() => setIsAll(true)}>Deploy all…</Button> : null}
                </div>
              }
            >
              A deployment builds your app in a clean sandbox, checks it, and publishes it on this server, Vercel, Netlify or Cloudflare.
              Versions appear here, with their logs and checks.
            </EmptyState>
          ) : shown.length === 0 ? (
            <EmptyState title="No results" action={<Button onClick={clearFilters}>Clear filters</Button>}>
              No deployments match these filters.
            </EmptyState>
          ) : (
            shown.map((series) => <VersionList key={series.key} series={series} chosenId={chosenId} onChoose={choose} />)
          )}
        </section>
        {chosen ? (
          <aside
            aria-label={`${versionName(chosen)} to ${providerTitle(chosen.provider)}`}
            className="flex min-h-0 min-w-0 flex-col border-l border-line-0 mid:border-l-0"
          >
            <div className="flex flex-none items-center gap-2.5 pt-3 pr-3 pb-2 pl-5 narrow:pl-4">
              <h2 className="min-w-0 flex-1 truncate text-lg">
                {versionName(chosen)} to {providerTitle(chosen.provider)}
              </h2>
              <DeploymentHead deployment={chosen} />
              <IconButton label="Close deployment" tooltipSide="none" onClick={() => choose(undefined)}>
                <X size={14} />
              </IconButton>
            </div>
            <DeploymentDetails key={chosen.id} deployment={chosen} onShow={choose} onGone={() => choose(undefined)} />
          </aside>
        ) : null}
      </div>
      {isDomains ? (
        <Suspense fallback={null}>
          <DomainsDialog onClose={() => setIsDomains(false)} />
        </Suspense>
      ) : null}
      {isAll ? (
        <DeployAllDialog
          containers={containers}
          onClose={() => setIsAll(false)}
          onShow={(id) => {
            setIsAll(false);
            choose(id);
          }}
        />
      ) : null}
    </div>
  );
}
