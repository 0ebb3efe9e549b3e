import { useQuery } from "@tanstack/react-query";
import { useCallback, useState, type ReactNode } from "react";
import type { McpServer } from "@tesslate/contract";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { useServices } from "../../project/services.ts";
import type { SettingId } from "../../settings.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { ConnectorDialog } from "./ConnectorDialog.tsx";
import { ConnectorRow } from "./ConnectorRow.tsx";
import { mcpServersQuery, useMcpActions, type McpPlace } from "./mcp.queries.ts";
import { signInPopup, type SignInOutcome } from "./sign-in.ts";

/** The MCP servers of the user or of a project. */
export function Connectors({ place, id, title, hint }: { place: McpPlace; id: SettingId; title: string; hint: ReactNode }) {
  const { api } = useServices();
  const { data, error, refetch, isFetching } = useQuery(mcpServersQuery(api, place));
  const actions = useMcpActions(place);
  const { refresh, authorize, test } = actions;
  const beganAt = authorize.variables;
  const [open, setOpen] = useState<"new" | McpServer>();
  signInPopup.useAnswer(
    useCallback(
      (outcome: SignInOutcome) => {
        if (beganAt === undefined) return;
        toast(outcome === "done" ? "Signed in." : "Sign-in failed.", outcome === "done" ? {} : { kind: "failed" });
        void refresh().then(() => {
          const server = data?.find((one) => one.id === beganAt);
          if (server && outcome === "done") test.mutate(server);
        });
      },
      [refresh, test, beganAt, data],
    ),
  );
  const add = (
    <Button size="sm" onClick={() => setOpen("new")}>
      Add connector
    </Button>
  );
  return (
    <SettingsSection id={id} title={title} hint={hint} action={data && data.length > 0 ? add : null}>
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
      {error && !data ? (
        <LoadFailed className="px-0" title="Couldn't load connectors" of={{ error, refetch, isFetching }} />
      ) : !data ? (
        <SkeletonRows count={2} label="Loading connectors…" />
      ) : data.length === 0 ? (
        <EmptyState className="px-0" title="No connectors yet" action={add}>
          The agent can use the tools of MCP servers, such as an issue tracker, a database or your documents.
        </EmptyState>
      ) : (
        <ul ref={keepRowFocus} role="list" className="divide-y divide-line-0 rounded-3 border border-line-0">
          {data.map((server) => (
            <ConnectorRow key={server.id} server={server} actions={actions} onEdit={() => setOpen(server)} />
          ))}
        </ul>
      )}
      {open ? (
        <ConnectorDialog
          place={place}
          {...(open !== "new" && { server: open })}
          onClose={() => setOpen(undefined)}
          onSaved={(server) => actions.test.mutate(server, { onError: (problem) => toastError(problem) })}
        />
      ) : null}
    </SettingsSection>
  );
}
