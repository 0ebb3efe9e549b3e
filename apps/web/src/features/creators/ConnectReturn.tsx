import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link, Navigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { api } from "../../api.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { Spinner } from "../../ui/Spinner.tsx";

const route = getRouteApi("/app/billing/connect/$outcome");

/** Where the payment provider leads back to: done, or with a link that had run out and is asked for anew. */
export function ConnectReturn() {
  const { outcome } = route.useParams();
  const again = useMutation({
    mutationFn: async (): Promise<never> => {
      location.replace((await api.creatorStudio.connect()).onboarding_url);
      return new Promise(() => undefined);
    },
  });
  const { mutate } = again;
  useEffect(() => {
    if (outcome === "refresh") mutate();
  }, [outcome, mutate]);
  if (outcome !== "refresh") return <Navigate to="/settings/creator" replace />;
  return (
    <Page title="Payout account" heading="Payout account" width="reading">
      {again.error ? (
        <>
          <LoadFailed
            className="px-0"
            title="The payment provider could not be asked again"
            of={{ error: again.error, refetch: () => mutate(), isFetching: again.isPending }}
          />
          <Link to="/settings/creator" className={buttonClass()}>
            To the creator studio
          </Link>
        </>
      ) : (
        <Spinner word="Leading back to the payment provider" />
      )}
    </Page>
  );
}
