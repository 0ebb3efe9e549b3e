import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { AuthThread, LiveStep, NextStep } from "../auth/index.ts";
import { connectFailure, connectPopup } from "./connect-popup.ts";

const route = getRouteApi("/oauth/connected");

/** Back from a provider of repositories: tells the window that waits, and closes itself where it may. */
export function OauthConnectedPage() {
  const { provider, error } = route.useSearch();
  useEffect(() => connectPopup.tell({ provider, error }), [provider, error]);
  return (
    <AuthThread title="Connecting an account">
      <LiveStep title={error ? "It was not connected" : "Connected"}>
        <Banner tone={error ? "err" : "info"}>
          {error ? connectFailure(error) : "If this window was opened for it, it can be closed."}
        </Banner>
        <div className="mt-3">
          <Button asChild>
            <Link to="/settings/git">Git accounts</Link>
          </Button>
        </div>
      </LiveStep>
      <NextStep isLast>Your repositories</NextStep>
    </AuthThread>
  );
}
