import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { LinkedAccount, SignInProvider } from "@tesslate/contract";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { configQuery, signInProviderName, providersOf, linkedAccountsQuery, useSecurityActions } from "../auth/index.ts";
import { ProofDialog } from "./ProofDialog.tsx";

const route = getRouteApi("/app/settings/security");
const linkErrors: Record<string, string> = {
  account_linked_elsewhere: "That account is already connected to another account on this server.",
  oauth_denied: "Access was denied at the provider.",
  unauthorized: "Your session has expired. Try again.",
  bad_gateway: "The provider didn't confirm your identity. Try again.",
};

/** Accounts at sign-in providers with which the user can sign in. */
export function LinkedAccountSettings() {
  const { data, error, refetch, isFetching } = useQuery(linkedAccountsQuery);
  const { data: config } = useQuery(configQuery);
  const { linked, link_error } = route.useSearch();
  const { link } = useSecurityActions();
  const [connecting, setConnecting] = useState<SignInProvider>();
  const providers = providersOf(config);
  if (config && providers.length === 0 && (data?.items.length ?? 0) === 0 && !error) return null;
  return (
    <SettingsSection id="linked-accounts" title="Connected accounts" hint="Sign in with an account from another provider.">
      {link_error ? (
        <Banner tone="err" className="mb-3">
          {linkErrors[link_error] ?? "Couldn't connect the account. Try again."}
        </Banner>
      ) : linked && config ? (
        <Banner className="mb-3">{signInProviderName(config, linked)} is connected.</Banner>
      ) : null}
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
      {error && !data ? (
        <LoadFailed className="px-0" title="Couldn't load connected accounts" of={{ error, refetch, isFetching }} />
      ) : !data || !config ? (
        <SkeletonRows count={2} label="Loading connected accounts…" />
      ) : (
        <>
          {data.items.length > 0 ? (
            <ul ref={keepRowFocus} className="mb-3 divide-y divide-line-0 border-y border-line-0">
              {data.items.map((account) => (
                <AccountRow key={account.id} account={account} name={signInProviderName(config, account.provider)} />
              ))}
            </ul>
          ) : null}
          <div className="flex flex-wrap gap-2">
            {providers.map(({ provider, name }) => (
              <Button key={provider} size="sm" onClick={() => setConnecting(provider)}>
                {data.items.some((account) => account.provider === provider) ? `Connect another ${name} account` : `Connect ${name}`}
              </Button>
            ))}
          </div>
        </>
      )}
      {connecting ? (
        <ProofDialog
          title={`Connect ${signInProviderName(config, connecting)}`}
          confirmLabel="Continue"
          loadingWord="Redirecting…"
          onClose={() => setConnecting(undefined)}
          onProve={(proof) => link.mutateAsync({ provider: connecting, proof })}
        >
          <p className="text-fg-2">Anyone who can sign in to that account can then sign in here as you.</p>
        </ProofDialog>
      ) : null}
    </SettingsSection>
  );
}

function AccountRow({ account, name }: { account: LinkedAccount; name: string }) {
  const { unlink } = useSecurityActions();
  const [isAsking, setIsAsking] = useState(false);
  return (
    <li className="flex items-center gap-3 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="flex min-w-0 items-center gap-2 text-fg-0">
          <span className="truncate">{name}</span>
          {account.is_usable ? null : <Pill tone="warn">No longer available</Pill>}
        </p>
        <p className="truncate text-xs text-fg-2">
          {account.email ?? "No email"} · Connected <RelativeTime at={account.created_at} />
        </p>
      </div>
      <Button size="sm" variant="ghost" onClick={() => setIsAsking(true)} aria-label={`Disconnect ${name}`}>
        Disconnect
      </Button>
      {isAsking ? (
        <ProofDialog
          title={`Disconnect ${name}?`}
          confirmLabel="Disconnect"
          loadingWord="Disconnecting…"
          isDanger
          onClose={() => setIsAsking(false)}
          onProve={async (proof) => {
            await unlink.mutateAsync({ id: account.id, proof });
            toast(`${name} is disconnected.`);
          }}
        >
          <p className="text-fg-2">You can no longer use it to sign in.</p>
        </ProofDialog>
      ) : null}
    </li>
  );
}
