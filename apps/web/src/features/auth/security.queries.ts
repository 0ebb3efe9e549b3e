import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Proof, SignInProvider } from "@tesslate/contract";
import { api } from "../../api.ts";
import { leaveFor } from "../../lib/leave.ts";
import { loadWithRetry } from "../../lib/chunks.ts";

/** The sign-in methods of the user. */
export const securityQuery = queryOptions({
  queryKey: ["auth", "security"],
  queryFn: ({ signal }) => api.secondFactor.security(undefined, { signal }),
});
export const securityEventsQuery = queryOptions({
  queryKey: ["auth", "security-events"],
  queryFn: ({ signal }) => api.secondFactor.events({ query: { limit: 20 } }, { signal }),
});
export const passkeysQuery = queryOptions({
  queryKey: ["auth", "passkeys"],
  queryFn: ({ signal }) => api.passkeys.list({ query: { limit: 100 } }, { signal }),
});
export const linkedAccountsQuery = queryOptions({
  queryKey: ["auth", "linked-accounts"],
  queryFn: ({ signal }) => api.linkedAccounts.list({ query: { limit: 100 } }, { signal }),
});

/** Changes of the sign-in methods. Each invalidates all queries about them. */
export function useSecurityActions() {
  const queryClient = useQueryClient();
  const onSuccess = () =>
    Promise.all(
      [securityQuery, securityEventsQuery, passkeysQuery, linkedAccountsQuery].map(({ queryKey }) =>
        queryClient.invalidateQueries({ queryKey }),
      ),
    );
  return {
    confirmTotp: useMutation({ mutationFn: (code: string) => api.secondFactor.confirmTotp({ body: { code } }), onSuccess }),
    removeTotp: useMutation({ mutationFn: (body: Proof) => api.secondFactor.removeTotp({ body }), onSuccess }),
    makeRecoveryCodes: useMutation({ mutationFn: (body: Proof) => api.secondFactor.makeRecoveryCodes({ body }), onSuccess }),
    addPasskey: useMutation({
      mutationFn: async ({ name, proof }: { name: string; proof: Proof }) => {
        const optionsJSON = await api.passkeys.begin({ body: proof });
        const { startRegistration } = await loadWithRetry(() => import("@simplewebauthn/browser"));
        const credential = await startRegistration({ optionsJSON: optionsJSON as never });
        return api.passkeys.create({ body: { name: name.trim() || null, credential: credential as never } });
      },
      onSuccess,
    }),
    renamePasskey: useMutation({
      mutationFn: ({ id, name }: { id: string; name: string }) => api.passkeys.rename({ params: { id }, body: { name } }),
      onSuccess,
    }),
    removePasskey: useMutation({
      mutationFn: ({ id, proof }: { id: string; proof: Proof }) => api.passkeys.remove({ params: { id }, body: proof }),
      onSuccess,
    }),
    unlink: useMutation({
      mutationFn: ({ id, proof }: { id: string; proof: Proof }) => api.linkedAccounts.remove({ params: { id }, body: proof }),
      onSuccess,
    }),
    /** Redirects to the provider. */
    link: useMutation({
      mutationFn: async ({ provider, proof }: { provider: SignInProvider; proof: Proof }) => {
        const { authorization_url } = await api.linkedAccounts.begin({ body: { provider, ...proof } });
        await leaveFor(authorization_url);
      },
    }),
  };
}

/** Signs in with a passkey of this browser or a nearby phone. `passkeyFault` explains what it throws. */
export async function signInWithPasskey(): Promise<void> {
  const optionsJSON = await api.passkeys.beginSignIn();
  const { startAuthentication } = await loadWithRetry(() => import("@simplewebauthn/browser"));
  const credential = await startAuthentication({ optionsJSON: optionsJSON as never });
  await api.passkeys.signIn({ body: { credential: credential as never } });
}

/** A sentence for a WebAuthn error of the browser; `undefined` for other errors. */
export function passkeyFault(error: unknown): string | undefined {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "AbortError") return "The passkey request was canceled or timed out.";
  if (name === "InvalidStateError") return "This device already has a passkey for your account.";
  if (name === "SecurityError") return "Passkeys work only on the configured URL of this server.";
  if (name === "NotSupportedError" || name === "ConstraintError") return "This device doesn't support the required type of passkey.";
  return undefined;
}
export const knowsPasskeys = (): boolean => typeof PublicKeyCredential === "function";
