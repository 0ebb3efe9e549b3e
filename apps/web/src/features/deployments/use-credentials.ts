import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { DeployProvider, DeploymentProviderInfo, RemoteProvider } from "@tesslate/contract";
import { useEffect, useState } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { credentialsKey, credentialsQuery } from "./deployments.queries.ts";

export interface NewCredential {
  provider: RemoteProvider;
  access_token: string;
  metadata?: { account_id?: string; team_id?: string; dispatch_namespace?: string };
  project_id?: string;
}

/** The person's accounts at providers, and the actions on them. Each change also reloads plans and canvas targets. */
export function useCredentials() {
  const { api } = useServices();
  const queries = useQueryClient();
  const read = useQuery(credentialsQuery(api));
  const onSuccess = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: credentialsKey }),
      queries.invalidateQueries({
        predicate: ({ queryKey: [area, , name] }) => area === "project" && (name === "deployment-plan" || name === "targets"),
      }),
    ]);
  return {
    read,
    changed: onSuccess,
    save: useMutation({ mutationFn: (body: NewCredential) => api.deploymentCredentials.save({ body }), onSuccess }),
    remove: useMutation({ mutationFn: (id: string) => api.deploymentCredentials.remove({ params: { id } }), onSuccess }),
    test: useMutation({ mutationFn: (id: string) => api.deploymentCredentials.test({ params: { id } }) }),
    chooseTeam: useMutation({
      mutationFn: ({ id, teamId }: { id: string; teamId: string | null }) =>
        api.deploymentCredentials.update({ params: { id }, body: { metadata: { team_id: teamId } } }),
      onSuccess,
    }),
  };
}

/** What the server says about a provider; undefined while loading, and for this server. */
export function useProviderInfo(provider: DeployProvider): DeploymentProviderInfo | undefined {
  const { api } = useServices();
  const { data } = useQuery({ ...credentialsQuery(api), enabled: provider !== "local" });
  return data?.providers.find(({ name }) => name === provider);
}

export type SignInState = "idle" | "waiting" | "blocked" | "refused";
/** How long the sign-in window may take. */
const patienceMs = 5 * 60_000;
/** Also the type of the messages. */
const channelName = "deployment-oauth";
const popup = "popup,width=600,height=700";

/** Only https, or http on this machine. */
export function isOpenable(address: string): boolean {
  try {
    const { protocol, hostname } = new URL(address);
    return protocol === "https:" || (protocol === "http:" && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname));
  } catch {
    return false;
  }
}

/**
 * OAuth sign-in in a pop-up. Its last page is ours and reports the result to its opener and over a channel, because a
 * cross-origin redirect can remove the opener. If neither arrives, the accounts are reloaded when this window gets the focus.
 */
export function useProviderSignIn(provider: RemoteProvider, projectId: string | undefined, onConnected: () => void) {
  const { api } = useServices();
  const { read, changed } = useCredentials();
  const [state, setState] = useState<SignInState>("idle");
  const [failure, setFailure] = useState<unknown>();
  const done = useHandler(() => {
    setState("idle");
    void changed().then(onConnected);
  });
  const look = useHandler(async () => {
    const { data } = await read.refetch();
    if (data?.providers.some((known) => known.name === provider && known.connected)) done();
  });
  const isWaiting = state === "waiting";
  useEffect(() => {
    if (!isWaiting) return undefined;
    const onMessage = ({ origin, data }: MessageEvent) => {
      const message = data as { type?: unknown; provider?: unknown; success?: unknown } | null;
      if (origin !== location.origin || message?.type !== channelName || message.provider !== provider) return;
      if (message.success === true) done();
      else setState("refused");
    };
    const onFocus = () => void look();
    const timer = setTimeout(() => setState("idle"), patienceMs);
    const channel = new BroadcastChannel(channelName);
    channel.addEventListener("message", onMessage);
    addEventListener("message", onMessage);
    addEventListener("focus", onFocus);
    return () => {
      clearTimeout(timer);
      channel.close();
      removeEventListener("message", onMessage);
      removeEventListener("focus", onFocus);
    };
  }, [isWaiting, provider, done, look]);

  const begin = async () => {
    setFailure(undefined);
    // Opened within the click, or the pop-up blocker stops it.
    const window_ = window.open("", `connect-${provider}`, popup);
    try {
      const { authorization_url: address } = await api.deploymentOauth.authorize({
        params: { provider },
        query: projectId ? { project_id: projectId } : {},
      });
      if (!isOpenable(address)) throw new Error("The provider's sign-in URL is invalid.");
      if (!window_) return setState("blocked");
      window_.location.href = address;
      setState("waiting");
    } catch (error) {
      window_?.close();
      setState("idle");
      setFailure(error);
    }
  };
  return { state, failure, begin: () => void begin(), cancel: () => setState("idle") };
}
