import { ChevronRight, MoreHorizontal } from "lucide-react";
import { useId, useState } from "react";
import type { McpServer } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatRelativeTime } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu, type MenuEntry } from "../../ui/Menu.tsx";
import { Dot, Pill } from "../../ui/Pill.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { Switch } from "../../ui/Switch.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { formatCommand } from "./command-line.ts";
import type { useMcpActions } from "./mcp.queries.ts";
import { signInPopup } from "./sign-in.ts";

type Actions = ReturnType<typeof useMcpActions>;
const failed = (error: unknown) => toastError(error);

function StatePill({ server, isTesting }: { server: McpServer; isTesting: boolean }) {
  if (isTesting) return <Pill isBusy>Connecting…</Pill>;
  if (!server.is_enabled) return <Pill icon={<Dot shape="ring" />}>Off</Pill>;
  if (server.auth === "needed")
    return (
      <Pill tone="warn" icon={<Dot shape="half" tone="warn" />} className="narrow:hidden">
        Sign-in required
      </Pill>
    );
  if (server.problem)
    return (
      <Pill tone="err" icon={<Dot shape="square" tone="err" />}>
        Connection failed
      </Pill>
    );
  if (server.tools_at)
    return (
      <Pill tone="ok" icon={<Dot shape="filled" tone="ok" />}>
        {counted(server.tools.length, "tool")}
      </Pill>
    );
  return <Pill icon={<Dot shape="ring" />}>Not tested</Pill>;
}

/** A server with its status and tools. */
export function ConnectorRow({ server, actions, onEdit }: { server: McpServer; actions: Actions; onEdit: () => void }) {
  const id = useId();
  const [isOpen, setIsOpen] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const isTesting = actions.test.isPending && actions.test.variables.id === server.id;
  const test = () => actions.test.mutate(server, { onError: failed });
  const change = (more: Parameters<typeof actions.update.mutate>[0]["change"]) =>
    actions.update.mutate({ id: server.id, change: more }, { onError: failed });
  const signIn = () => {
    const popup = signInPopup.open();
    actions.authorize.mutate(server.id, {
      onSuccess: ({ authorize_url: url }) => {
        if (url === null) {
          popup?.close();
          test();
        } else if (popup) popup.location.href = url;
        else location.assign(url);
      },
      onError: (error) => {
        popup?.close();
        failed(error);
      },
    });
  };
  const entries: MenuEntry[] = [
    { label: "Test connection", onSelect: test },
    { label: "Edit", onSelect: onEdit },
    ...(server.transport === "stdio" ? [] : [{ label: server.auth === "authorized" ? "Sign in again" : "Sign in", onSelect: signIn }]),
    ...(server.auth === "authorized" ? [{ label: "Sign out", onSelect: () => actions.forget.mutate(server.id, { onError: failed }) }] : []),
    "-",
    { label: "Delete", isDanger: true, onSelect: () => setIsAsking(true) },
  ];
  return (
    <li className="px-3 py-2">
      <div className="flex items-center gap-2">
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={`${id}-more`}
          onClick={() => setIsOpen((was) => !was)}
          className="flex min-w-0 flex-1 items-center gap-2 rounded-2 text-left narrow:min-h-11"
        >
          <ChevronRight size={14} className={cx("flex-none text-fg-3 transition-transform", isOpen && "rotate-90")} />
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium text-fg-0">{server.name}</span>
            <span className="block truncate font-mono text-xs text-fg-2">
              {server.command ? formatCommand(server.command) : server.url}
            </span>
          </span>
        </button>
        <StatePill server={server} isTesting={isTesting} />
        {server.auth === "needed" && server.is_enabled ? (
          <Button
            size="sm"
            onClick={signIn}
            isLoading={actions.authorize.isPending && actions.authorize.variables === server.id}
            loadingWord="Opening…"
          >
            Sign in
          </Button>
        ) : null}
        <Menu
          align="end"
          label={`Actions for ${server.name}`}
          trigger={
            <IconButton label={`Actions for ${server.name}`} size="sm">
              <MoreHorizontal size={14} />
            </IconButton>
          }
          entries={entries}
        />
      </div>
      {server.problem && server.is_enabled && server.auth !== "needed" && !isTesting ? (
        <p role="status" className="pt-1 pl-5.5 text-xs wrap-anywhere text-err">
          {server.problem}
        </p>
      ) : null}
      <div id={`${id}-more`} hidden={!isOpen} className="grid gap-3 pt-3 pl-5.5">
        <Switch isOn={server.is_enabled} onChange={(is_enabled) => change({ is_enabled })} label="Allow the agent to use this connector" />
        <Switch
          isOn={server.trusts_read_only}
          onChange={(trusts_read_only) => change({ trusts_read_only })}
          label="Trust read-only tools"
          hint="Tools that the server marks as read-only run without approval, also in Plan mode."
        />
        {server.tools.length > 0 ? (
          <div className="grid gap-1.5">
            <p className="text-xs text-fg-2">
              Tools named <code className="font-mono">mcp__{server.slug}__…</code>
              {server.tools_at ? ` · Updated ${formatRelativeTime(server.tools_at)}` : ""}
            </p>
            <div {...scrollable} aria-label={`Tools of ${server.name}`} className="scroll-y max-h-64 rounded-2 border border-line-0 p-2.5">
              <ul role="list" className="grid grid-cols-1 gap-1.5">
                {server.tools.map((tool) => (
                  <li key={tool.name}>
                    <p className="flex flex-wrap items-baseline gap-x-2">
                      <code className="font-mono text-xs wrap-anywhere text-fg-0">{tool.name}</code>
                      {tool.is_read_only ? <span className="text-2xs text-fg-2">marked read-only</span> : null}
                    </p>
                    {tool.description ? <p className="line-clamp-2 text-xs text-fg-2">{tool.description}</p> : null}
                  </li>
                ))}
              </ul>
            </div>
          </div>
        ) : (
          <div className="flex items-center gap-2">
            <p className="text-xs text-fg-2">No tools loaded yet.</p>
            <Button size="sm" variant="ghost" onClick={test} isLoading={isTesting} loadingWord="Connecting…">
              Test connection
            </Button>
          </div>
        )}
      </div>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={`Delete ${server.name}?`}
        confirmLabel="Delete connector"
        loadingWord="Deleting…"
        isDanger
        onConfirm={async () => {
          await actions.remove.mutateAsync(server.id);
          toast("Connector deleted.");
        }}
      >
        This deletes its keys and its sign-in. New runs can't use its tools.
      </ConfirmDialog>
    </li>
  );
}
