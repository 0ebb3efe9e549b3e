import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { AuthThread, LiveStep, NextStep } from "../auth/index.ts";
import { connectFailure, connectPopup } from "./connect-popup.ts";

const route = getRouteApi("/oauth/connected");

/** Return page of a Git host's OAuth flow: sends the result to the window that opened it, and closes itself if possible. */
export function OauthConnectedPage() {
  const { provider, error } = route.useSearch();
  useEffect(() => connectPopup.post({ provider, error }), [provider, error]);
  return (
    <AuthThread title="Connect account">
      <LiveStep title={error ? "Couldn't connect account" : "Account connected"}>
        <Banner tone={error ? "err" : "info"}>{error ? connectFailure(error) : "You can close this window."}</Banner>
        <div className="mt-3">
          <Button asChild>
            <Link to="/settings/git">Open Git accounts</Link>
          </Button>
        </div>
      </LiveStep>
      <NextStep isLast>Your repositories</NextStep>
    </AuthThread>
  );
}
