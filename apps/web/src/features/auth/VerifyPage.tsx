import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { api } from "../../api.ts";
import { hasCode } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { meQuery } from "../users/index.ts";
import { AuthThread, LiveStep, NextStep } from "./AuthThread.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const route = getRouteApi("/verify");

/** The page of the emailed confirmation link. Confirms at once, with or without a session. */
export function VerifyPage() {
  const { token } = route.useSearch();
  const queryClient = useQueryClient();
  const { mutate, isSuccess, error } = useMutation({
    mutationFn: () => api.auth.verify({ body: { token } }),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: meQuery.queryKey }),
  });
  useEffect(() => mutate(), [mutate]);
  const isDone = isSuccess || hasCode(error, "verify_user_already_verified");
  return (
    <AuthThread title="Confirm your email">
      <LiveStep title={isDone ? "Email confirmed" : error ? "Couldn't confirm your email" : "Confirming your email"}>
        {isDone ? (
          <p role="status" className="mt-1 text-fg-2">
            {isSuccess ? "You can continue to your projects." : "Your email was already confirmed."}
          </p>
        ) : error ? (
          <div role="alert" className="mt-1 text-fg-2">
            {hasCode(error, "verify_user_bad_token") ? (
              <p>This link has expired. Send a new one in Settings → Security.</p>
            ) : (
              <>
                <p>
                  <ErrorSentence of={error} />
                </p>
                <Button className="mt-3" onClick={() => mutate()}>
                  Retry
                </Button>
              </>
            )}
          </div>
        ) : (
          <Spinner word="Confirming…" />
        )}
      </LiveStep>
      <NextStep isLast>
        <Link to="/" className="link">
          Your projects
        </Link>
      </NextStep>
    </AuthThread>
  );
}
