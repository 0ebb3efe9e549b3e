import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api } from "../../api.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { forgetReturnPlace, returnPlace } from "../billing/index.ts";

const route = getRouteApi("/app/billing/connect/$outcome");

/** The return from the payout setup at Stripe: finished, or with an expired link, for which a new one is requested. Leads to the page that opened it. */
export function ConnectReturn() {
  const { outcome } = route.useParams();
  const navigate = useNavigate();
  const again = useMutation({
    mutationFn: async (): Promise<never> => {
      location.replace((await api.creatorStudio.connect()).onboarding_url);
      return new Promise(() => undefined);
    },
  });
  const { mutate } = again;
  const [place] = useState(returnPlace);
  useEffect(() => {
    if (outcome === "refresh") return;
    forgetReturnPlace();
    void navigate({ href: place ?? "/settings/creator", replace: true });
  }, [outcome, place, navigate]);
  useEffect(() => {
    if (outcome === "refresh") mutate();
  }, [outcome, mutate]);
  if (outcome !== "refresh") return null;
  return (
    <Page title="Payout account" heading="Payout account" width="reading">
      {again.error ? (
        <>
          <LoadFailed
            className="px-0"
            title="Couldn't open the payout setup"
            of={{ error: again.error, refetch: () => mutate(), isFetching: again.isPending }}
          />
          <Link to="/settings/creator" className={buttonClass()}>
            Open creator studio
          </Link>
        </>
      ) : (
        <Spinner word="Redirecting to Stripe…" />
      )}
    </Page>
  );
}
