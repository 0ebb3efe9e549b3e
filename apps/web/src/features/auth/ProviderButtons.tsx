import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { configQuery } from "./auth.queries.ts";

type Provider = "google" | "github";

/** Ways in by an account elsewhere, as far as this server has any. */
export function ProviderButtons({ next }: { next: string | undefined }) {
  const { data: config } = useQuery(configQuery);
  const [leavingTo, setLeavingTo] = useState<Provider>();
  const [error, setError] = useState<string>();
  const providers: [Provider, string][] = [
    ...(config?.features.google_oauth ? ([["google", "Google"]] as [Provider, string][]) : []),
    ...(config?.features.github_oauth ? ([["github", "GitHub"]] as [Provider, string][]) : []),
  ];
  if (providers.length === 0) return null;

  const leave = async (provider: Provider) => {
    setLeavingTo(provider);
    setError(undefined);
    try {
      const query = next ? { next } : {};
      const answer = await (provider === "google" ? api.auth.googleAuthorize({ query }) : api.auth.githubAuthorize({ query }));
      location.assign(answer.authorization_url);
    } catch (failure) {
      setError(sentenceOf(failure));
      setLeavingTo(undefined);
    }
  };
  return (
    <div className="mt-4 grid gap-2 border-t border-line-0 pt-4">
      {error ? <Banner tone="err">{error}</Banner> : null}
      {providers.map(([provider, name]) => (
        <Button
          key={provider}
          size="lg"
          isWide
          disabled={leavingTo !== undefined}
          isLoading={leavingTo === provider}
          loadingWord={`Going to ${name}`}
          onClick={() => void leave(provider)}
        >
          Go on with {name}
        </Button>
      ))}
    </div>
  );
}
