import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { GitAccount, GitProvider } from "@tesslate/contract";
import { useState } from "react";
import { api } from "../../api.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { ConnectForm } from "./ConnectForm.tsx";
import { gitAccountsKey, gitProvidersQuery } from "./git-accounts.queries.ts";

/** Git hosts, and the person's accounts on them. */
export function GitAccountSettings() {
  const query = useQuery(gitProvidersQuery);
  const { data } = query;
  const [connecting, setConnecting] = useState<{ provider: GitProvider; host?: string }>();
  return (
    <SettingsSection
      id="git-accounts"
      title="Git accounts"
      hint="Used to import, clone, pull and push private repositories, and to create pull requests. Tokens are encrypted on this server and never shown again."
    >
      {query.error && data ? <ShownFromBefore of={query} className="mb-3" /> : null}
      {!data ? (
        query.error ? (
          <LoadFailed className="px-0" title="Couldn't load Git accounts" of={query} />
        ) : (
          <SkeletonRows count={5} label="Loading Git accounts…" />
        )
      ) : (
        <ul className="divide-y divide-line-0 border-y border-line-0" aria-label="Git hosts">
          {data.map((provider) => (
            <ProviderRow
              key={provider.name}
              provider={provider}
              onConnect={(host) => setConnecting({ provider, ...(host !== undefined && { host }) })}
            />
          ))}
        </ul>
      )}
      {connecting ? (
        <Dialog
          isOpen
          onOpenChange={(isOpen) => (isOpen ? undefined : setConnecting(undefined))}
          title={`Connect ${connecting.provider.display_name}`}
          description={connecting.provider.description}
        >
          <ConnectForm
            provider={connecting.provider}
            host={connecting.host}
            onConnected={() => {
              toast(`${connecting.provider.display_name} connected.`);
              setConnecting(undefined);
            }}
          />
        </Dialog>
      ) : null}
    </SettingsSection>
  );
}

function ProviderRow({ provider, onConnect }: { provider: GitProvider; onConnect: (host?: string) => void }) {
  const { accounts, display_name, description } = provider;
  return (
    <li className="py-1.5" data-testid="git-provider" data-provider={provider.name}>
      <div className="relative -mx-2 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-2 px-2 py-1 hover:bg-bg-2">
        <div className="min-w-0 flex-1 basis-56">
          <p className="font-medium text-fg-0">{display_name}</p>
          <p className="text-xs text-fg-2">{description}</p>
        </div>
        <Button
          size="sm"
          onClick={() => onConnect()}
          className="whole-row"
          aria-label={accounts.length > 0 ? `Connect another ${display_name} account` : `Connect ${display_name}`}
        >
          {accounts.length > 0 ? "Connect another" : "Connect"}
        </Button>
      </div>
      {accounts.length > 0 ? (
        <ul className="mt-1.5 grid gap-1">
          {accounts.map((account) => (
            <AccountRow key={account.id} provider={provider} account={account} onReconnect={() => onConnect(account.base_url)} />
          ))}
        </ul>
      ) : null}
    </li>
  );
}

function AccountRow({ provider, account, onReconnect }: { provider: GitProvider; account: GitAccount; onReconnect: () => void }) {
  const queries = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const name = account.provider_username ?? account.provider_email ?? "Token";
  return (
    <li className="flex flex-wrap items-center gap-2 rounded-2 bg-bg-2 px-2.5 py-1.5 text-sm">
      <span className="min-w-0 flex-1 basis-48">
        <span className="block truncate text-fg-0">{name}</span>
        <span className="block truncate text-xs text-fg-2">
          {URL.parse(account.base_url)?.host}, {account.kind === "token" ? "connected with a token" : "connected in the browser"}{" "}
          <RelativeTime at={account.created_at} />
        </span>
      </span>
      {account.needs_reconnect ? (
        <>
          <Pill tone="warn">Token rejected</Pill>
          <Button size="sm" onClick={onReconnect}>
            Reconnect
          </Button>
        </>
      ) : null}
      <Button
        size="sm"
        variant="ghost"
        onClick={() => setIsAsking(true)}
        aria-label={`Disconnect ${provider.display_name} account ${name}`}
      >
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
          await api.gitProviders.disconnect({ params: { provider: provider.name }, query: { base_url: account.base_url } });
          await queries.invalidateQueries({ queryKey: gitAccountsKey });
          toast(`${name} disconnected.`);
        }}
      >
        Projects keep their history and remotes. You can no longer pull from or push to private repositories on this host.
      </ConfirmDialog>
    </li>
  );
}
