import { useQuery } from "@tanstack/react-query";
import type { DeploymentCredential, DeploymentProviderInfo } from "@tesslate/contract";
import { useState } from "react";
import { cx } from "../../lib/cx.ts";
import { detailsOf, sentenceOf } from "../../lib/errors.ts";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { projectsQuery } from "../../project/projects.queries.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Select } from "../../ui/Select.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { ConnectProvider } from "./ConnectProvider.tsx";
import { deployProviderNames } from "./deployments.ts";
import { teamsOf } from "./teams.ts";
import { useCredentials } from "./use-credentials.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** Accounts at providers: the default ones, and those of single projects. */
export function DeploymentSettings() {
  const { read } = useCredentials();
  if (read.error && !read.data)
    return (
      <ErrorState
        title="Couldn't load your provider accounts"
        onRetry={() => void read.refetch()}
        isRetrying={read.isFetching}
        details={detailsOf(read.error)}
      >
        <ErrorSentence of={read.error} />
      </ErrorState>
    );
  if (!read.data) return <SkeletonRows count={4} label="Loading provider accounts…" />;
  const { items, providers } = read.data;
  const overrides = items.filter((credential) => !credential.is_default);
  return (
    <>
      <SettingsSection
        id="deployment-providers"
        title="Providers"
        hint="Deploy your projects to these providers. Tokens are encrypted on this server and never shown again."
      >
        <ul role="list" className="divide-y divide-line-0 rounded-3 border border-line-0">
          {providers.map((provider) => (
            <ProviderRow
              key={provider.name}
              provider={provider}
              credential={items.find((credential) => credential.is_default && credential.provider === provider.name)}
            />
          ))}
        </ul>
      </SettingsSection>
      <SettingsSection
        id="project-accounts"
        title="Project accounts"
        hint="Used by one project instead of your default account. Add one when you deploy the project, or at a target on its canvas."
      >
        {overrides.length === 0 ? (
          <p className="text-sm text-fg-2">No project accounts. All projects use your default accounts.</p>
        ) : (
          <Overrides credentials={overrides} />
        )}
      </SettingsSection>
    </>
  );
}

/** The account, as far as the provider names it. */
function accountOf({ metadata }: DeploymentCredential): string {
  const { account_name: name, account_id: id, team_id: team } = metadata ?? {};
  return [name ?? id, team && `team ${team}`].filter(Boolean).join(", ");
}

function ProviderRow({ provider, credential }: { provider: DeploymentProviderInfo; credential: DeploymentCredential | undefined }) {
  const [isConnecting, setIsConnecting] = useState(false);
  const name = deployProviderNames[provider.name];
  return (
    <li>
      <div className={cx("relative flex flex-wrap items-center gap-x-3 gap-y-1.5 px-3 py-2.5", !isConnecting && "hover:bg-bg-2")}>
        <div className="min-w-0 flex-1 basis-52">
          <p className="flex items-center gap-2 font-medium text-fg-0">
            {name}
            {credential?.needs_reconnect ? (
              <Pill tone="warn">Reconnect required</Pill>
            ) : credential ? (
              <Pill tone="ok">Connected</Pill>
            ) : (
              <Pill>Not connected</Pill>
            )}
          </p>
          <p className="truncate text-xs text-fg-2">{credential ? <ConnectedSince credential={credential} /> : provider.description}</p>
        </div>
        {credential ? <CredentialActions credential={credential} name={name} /> : null}
        {isConnecting ? null : (
          <Button
            size="sm"
            {...(credential ? { variant: "ghost" as const } : { className: "whole-row" })}
            onClick={() => setIsConnecting(true)}
          >
            {credential ? "Replace account" : `Connect ${name}`}
          </Button>
        )}
      </div>
      {credential && provider.optional.includes("team_id") ? (
        <div className="px-3 pb-2">
          <TeamChoice credential={credential} />
        </div>
      ) : null}
      {isConnecting ? (
        <ConnectProvider
          provider={provider.name}
          className="mx-3 border-t border-line-0 py-3"
          onConnected={() => setIsConnecting(false)}
          onCancel={() => setIsConnecting(false)}
        />
      ) : null}
    </li>
  );
}

function ConnectedSince({ credential }: { credential: DeploymentCredential }) {
  const account = accountOf(credential);
  const time = <RelativeTime at={credential.updated_at} />;
  if (account)
    return (
      <>
        {account}, updated {time}
      </>
    );
  return credential.kind === "oauth" ? <>Signed in {time}</> : <>Token saved {time}</>;
}

function CredentialActions({ credential, name }: { credential: DeploymentCredential; name: string }) {
  const { test, remove } = useCredentials();
  const [isAsking, setIsAsking] = useState(false);
  const result = test.data;
  return (
    <>
      <span role="status" className="text-xs">
        {result ? (
          <span className={result.valid ? "text-ok" : "text-err"}>
            {result.valid ? "Connection works" : (result.error ?? "Token rejected")}
          </span>
        ) : null}
        {test.error ? (
          <span className="text-err">
            <ErrorSentence of={test.error} />
          </span>
        ) : null}
      </span>
      <Button
        size="sm"
        variant="ghost"
        className="relative"
        aria-label={`Test ${name}`}
        isLoading={test.isPending}
        loadingWord="Testing…"
        onClick={() => test.mutate(credential.id)}
      >
        Test
      </Button>
      <Button size="sm" variant="ghost" className="relative" aria-label={`Disconnect ${name}`} onClick={() => setIsAsking(true)}>
        Disconnect
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={`Disconnect ${name}?`}
        confirmLabel="Disconnect"
        loadingWord="Disconnecting…"
        isDanger
        onConfirm={async () => {
          await remove.mutateAsync(credential.id);
          toast(`${name} disconnected.`);
        }}
      >
        You can't deploy or roll back there until you reconnect. Existing deployments aren't affected.
      </ConfirmDialog>
    </>
  );
}

const ownAccount = "own";

/** Selects the team to deploy to, from the teams that Vercel returns. */
function TeamChoice({ credential }: { credential: DeploymentCredential }) {
  const { api } = useServices();
  const { chooseTeam } = useCredentials();
  const [isChoosing, setIsChoosing] = useState(false);
  const asked = useQuery({
    queryKey: ["deployment-teams", credential.id] as const,
    queryFn: ({ signal }) => api.deploymentCredentials.test({ params: { id: credential.id } }, { signal }),
    enabled: isChoosing,
    staleTime: 60_000,
    retry: false,
  });
  const current = credential.metadata?.["team_id"];
  const teams = teamsOf(asked.data?.provider_info);
  if (!isChoosing)
    return (
      <Button size="sm" variant="ghost" className="mt-1 -ml-2" onClick={() => setIsChoosing(true)}>
        {current ? "Change team" : "Select team"}
      </Button>
    );
  return (
    <div className="mt-2 flex flex-wrap items-center gap-2 text-xs">
      {asked.isPending ? (
        <span role="status" className="text-fg-2">
          Loading teams…
        </span>
      ) : asked.error || asked.data?.valid === false ? (
        <>
          <span role="alert" className="text-err">
            {asked.error ? sentenceOf(asked.error) : (asked.data?.error ?? "Vercel rejected the token.")}
          </span>
          <Button size="sm" onClick={() => void asked.refetch()}>
            Retry
          </Button>
        </>
      ) : teams.length === 0 ? (
        <span className="text-fg-2">This account has no teams.</span>
      ) : (
        <Select
          label="Team"
          size="sm"
          className="w-64!"
          value={current ?? ownAccount}
          isDisabled={chooseTeam.isPending}
          onChange={(next) =>
            chooseTeam.mutate(
              { id: credential.id, teamId: next === ownAccount ? null : next },
              {
                onSuccess: () => setIsChoosing(false),
                onError: (error) => toastError(error),
              },
            )
          }
          options={[{ value: ownAccount, label: "Personal account" }, ...teams.map(({ id, name }) => ({ value: id, label: name }))]}
        />
      )}
    </div>
  );
}

function Overrides({ credentials }: { credentials: readonly DeploymentCredential[] }) {
  const projects = useQuery(projectsQuery({})).data?.items;
  return (
    <ul ref={keepRowFocus} role="list" className="divide-y divide-line-0 rounded-3 border border-line-0">
      {credentials.map((credential) => {
        const name = deployProviderNames[credential.provider];
        const project = projects?.find(({ id }) => id === credential.project_id);
        return (
          <li key={credential.id} className="flex flex-wrap items-center gap-x-3 gap-y-1.5 px-3 py-2.5">
            <div className="min-w-0 flex-1 basis-52">
              <p className="truncate font-medium text-fg-0">
                {project?.name ?? "Unknown project"} <span className="font-regular text-fg-2">on {name}</span>
              </p>
              <p className="truncate text-xs text-fg-2">
                <ConnectedSince credential={credential} />
              </p>
            </div>
            <CredentialActions credential={credential} name={project ? `${name} for ${project.name}` : name} />
          </li>
        );
      })}
    </ul>
  );
}
