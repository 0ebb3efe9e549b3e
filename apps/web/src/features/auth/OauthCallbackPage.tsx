import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { AuthThread, LiveStep, NextStep } from "./AuthThread.tsx";
import { enter } from "./auth.queries.ts";
import { safeNext } from "./next.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const route = getRouteApi("/oauth/callback");

/** The browser returns here from a provider with the cookies of the session. Loads the user and redirects. */
export function OauthCallbackPage() {
  const { next } = route.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isGone = false;
    enter(queryClient).then(
      () => {
        if (!isGone) void router.navigate({ href: safeNext(next), replace: true });
      },
      (failure: unknown) => {
        if (!isGone) setError(failure);
      },
    );
    return () => {
      isGone = true;
    };
  }, [attempt, next, queryClient, router]);
  return (
    <AuthThread title="Signing in">
      <LiveStep title={error ? "Sign-in failed" : "Signing you in"}>
        {error ? (
          <div role="alert" className="mt-1 text-fg-2">
            <p>
              <ErrorSentence of={error} />
            </p>
            <div className="mt-3 flex gap-2">
              <Button
                onClick={() => {
                  setError(undefined);
                  setAttempt(attempt + 1);
                }}
              >
                Retry
              </Button>
              <Button variant="ghost" onClick={() => void router.navigate({ to: "/login", search: {} })}>
                Back to sign-in
              </Button>
            </div>
          </div>
        ) : (
          <Spinner word="Signing in…" />
        )}
      </LiveStep>
      <NextStep isLast>Your projects</NextStep>
    </AuthThread>
  );
}
