import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Proof, SignInProvider } from "@tesslate/contract";
import { api } from "../../api.ts";
import { leaveFor } from "../../lib/leave.ts";
import { patiently } from "../../lib/chunks.ts";

/** How one signs in. */
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

/** What changes how one signs in. After each of them everything that tells about it is read anew. */
export function useSecurityActs() {
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
        const { startRegistration } = await patiently(() => import("@simplewebauthn/browser"));
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
    /** Leaves the page for the provider's. */
    link: useMutation({
      mutationFn: async ({ provider, proof }: { provider: SignInProvider; proof: Proof }) => {
        const { authorization_url } = await api.linkedAccounts.begin({ body: { provider, ...proof } });
        await leaveFor(authorization_url);
      },
    }),
  };
}

/** Signs in with a passkey of this browser or of a phone beside it. Throws what `passkeyFault` can say. */
export async function signInWithPasskey(): Promise<void> {
  const optionsJSON = await api.passkeys.beginSignIn();
  const { startAuthentication } = await patiently(() => import("@simplewebauthn/browser"));
  const credential = await startAuthentication({ optionsJSON: optionsJSON as never });
  await api.passkeys.signIn({ body: { credential: credential as never } });
}

/** A sentence for what a browser says when it does not use or make a passkey; `undefined` when it was something else. */
export function passkeyFault(error: unknown): string | undefined {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "AbortError") return "It was cancelled, or it took too long.";
  if (name === "InvalidStateError") return "This device has a passkey for your account already.";
  if (name === "SecurityError") return "Passkeys work only under the address this studio goes by.";
  if (name === "NotSupportedError" || name === "ConstraintError") return "This device cannot keep a passkey of the kind that is needed.";
  return undefined;
}
export const knowsPasskeys = (): boolean => typeof PublicKeyCredential === "function";
