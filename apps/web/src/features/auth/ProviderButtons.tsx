import { useQuery } from "@tanstack/react-query";
import { Fingerprint } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { SignInProvider } from "@tesslate/contract";
import { api } from "../../api.ts";
import { leaveFor } from "../../lib/leave.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { configQuery } from "./auth.queries.ts";
import { providersOf } from "./providers.ts";
import { knowsPasskeys, passkeyFault, signInWithPasskey } from "./security.queries.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** Sign-in with a passkey or an external account, as far as this server and this browser support them. */
export function ProviderButtons({ next, onSignedIn }: { next: string | undefined; onSignedIn?: () => Promise<void> }) {
  const { data: config } = useQuery(configQuery);
  const [busyWith, setBusyWith] = useState<SignInProvider | "passkey">();
  const [error, setError] = useState<ReactNode>();
  const providers = providersOf(config);
  const offersPasskey = onSignedIn !== undefined && config?.features.passkeys === true && knowsPasskeys();
  if (providers.length === 0 && !offersPasskey) return null;

  const leave = async (provider: SignInProvider) => {
    setBusyWith(provider);
    setError(undefined);
    try {
      const query = next ? { next } : {};
      const authorize = { google: api.auth.googleAuthorize, github: api.auth.githubAuthorize, oidc: api.auth.oidcAuthorize }[provider];
      await leaveFor((await authorize({ query })).authorization_url);
    } catch (failure) {
      setError(<ErrorSentence of={failure} />);
    } finally {
      setBusyWith(undefined);
    }
  };
  const takePasskey = async () => {
    setBusyWith("passkey");
    setError(undefined);
    try {
      await signInWithPasskey();
      await onSignedIn?.();
    } catch (failure) {
      setError(passkeyFault(failure) ?? sentenceOf(failure));
    } finally {
      setBusyWith(undefined);
    }
  };
  return (
    <div className="mt-4 grid gap-2 border-t border-line-0 pt-4">
      {error ? <Banner tone="err">{error}</Banner> : null}
      {offersPasskey ? (
        <Button
          size="lg"
          isWide
          icon={<Fingerprint size={16} />}
          disabled={busyWith !== undefined}
          isLoading={busyWith === "passkey"}
          loadingWord="Waiting for your device…"
          onClick={() => void takePasskey()}
        >
          Sign in with a passkey
        </Button>
      ) : null}
      {providers.map(({ provider, name }) => (
        <Button
          key={provider}
          size="lg"
          isWide
          disabled={busyWith !== undefined}
          isLoading={busyWith === provider}
          loadingWord={`Redirecting to ${name}…`}
          onClick={() => void leave(provider)}
        >
          Continue with {name}
        </Button>
      ))}
    </div>
  );
}
