import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { Banner } from "../../ui/Banner.tsx";
import { Connectors } from "./Connectors.tsx";
import { signInPopup } from "./sign-in.ts";

const route = getRouteApi("/app/settings/connectors");

/** The user's connectors. The sign-in of a server redirects here. */
export function ConnectorSettings() {
  const { sign_in } = route.useSearch();
  useEffect(() => {
    if (sign_in) signInPopup.post(sign_in);
  }, [sign_in]);
  return (
    <>
      {sign_in ? (
        <div className="mb-4">
          <Banner tone={sign_in === "done" ? "info" : "err"}>
            {sign_in === "done"
              ? "Signed in. If this window opened for the sign-in, you can close it."
              : sign_in === "refused"
                ? "The server denied the sign-in."
                : "Sign-in failed. Try again in this browser."}
          </Banner>
        </div>
      ) : null}
      <Connectors
        place={undefined}
        id="connectors"
        title="Connectors"
        hint={
          <>
            MCP servers whose tools the agent can use in all your projects. You can add more for one project in its settings. Programs can
            use the studio itself as an{" "}
            <Link to="/help/$" params={{ _splat: "guides/automation" }} hash="mcp-endpoint" className="link">
              MCP server
            </Link>{" "}
            or by its{" "}
            <a href="/docs" className="link">
              API
            </a>
            .
          </>
        }
      />
    </>
  );
}
