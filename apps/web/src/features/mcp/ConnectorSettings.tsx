import { getRouteApi } from "@tanstack/react-router";
import { useEffect } from "react";
import { Banner } from "../../ui/Banner.tsx";
import { Connectors } from "./Connectors.tsx";
import { signInPopup } from "./sign-in.ts";

const route = getRouteApi("/app/settings/connectors");

/** One's own connectors. Also where the browser arrives after a server's sign-in. */
export function ConnectorSettings() {
  const { sign_in } = route.useSearch();
  useEffect(() => {
    if (sign_in) signInPopup.tell(sign_in);
  }, [sign_in]);
  return (
    <>
      {sign_in ? (
        <div className="mb-4">
          <Banner tone={sign_in === "done" ? "info" : "err"}>
            {sign_in === "done"
              ? "Signed in. If this window was opened for it, it can be closed."
              : sign_in === "refused"
                ? "The server did not let you in."
                : "The sign-in did not work out. Begin it again, in this browser."}
          </Banner>
        </div>
      ) : null}
      <Connectors
        place={undefined}
        title="Connectors"
        hint="MCP servers whose tools the agent may use in all your projects. A project can have more of its own, in its settings."
      />
    </>
  );
}
