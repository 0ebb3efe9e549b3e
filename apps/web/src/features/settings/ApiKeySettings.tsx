import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ApiKey, ApiKeyScope, EditMode } from "@tesslate/contract";
import { modeOf, modes } from "../../lib/edit-modes.ts";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { isPast } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast } from "../../ui/toast.tsx";
import { apiKeysQuery, useApiKeyActions } from "../auth/index.ts";

/** Personal API keys, and the MCP configuration that uses them. */
export function ApiKeySettings() {
  const { data, error, refetch, isFetching } = useQuery(apiKeysQuery);
  const [isCreating, setIsCreating] = useState(false);
  const create = <Button onClick={() => setIsCreating(true)}>Create key</Button>;
  return (
    <>
      <SettingsSection
        id="api-keys"
        title="API keys"
        hint={
          <>
            API keys let programs use the API on your behalf. See the{" "}
            <Link to="/help/$" params={{ _splat: "api" }} className="link">
              guide
            </Link>{" "}
            and the{" "}
            <a href="/docs" className="link">
              API reference
            </a>
            .
          </>
        }
        action={data && data.items.length > 0 ? create : null}
      >
        {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
        {error && !data ? (
          <LoadFailed className="px-0" title="Couldn't load API keys" of={{ error, refetch, isFetching }} />
        ) : !data ? (
          <SkeletonRows count={3} label="Loading API keys…" />
        ) : data.items.length === 0 ? (
          <EmptyState className="px-0" title="No API keys yet" action={create}>
            An API key lets a script or bot create projects, change files and run the agent without your password.
          </EmptyState>
        ) : (
          <ul ref={keepRowFocus} className="divide-y divide-line-0 border-y border-line-0">
            {data.items.map((key) => (
              <KeyRow key={key.id} apiKey={key} />
            ))}
          </ul>
        )}
      </SettingsSection>
      <McpConfiguration />
      {isCreating ? <CreateKeyDialog onClose={() => setIsCreating(false)} /> : null}
    </>
  );
}

/** The configuration with which MCP clients connect to this server. */
function McpConfiguration() {
  const server = { type: "http", url: `${location.origin}/mcp`, headers: { Authorization: "Bearer tsk_…" } };
  const text = JSON.stringify({ mcpServers: { tesslate: server } }, null, 2);
  return (
    <SettingsSection
      id="mcp-clients"
      title="MCP clients"
      hint="Assistants and editors that support MCP can use your projects with an API key. Add this to their configuration:"
    >
      <div className="flex items-start gap-2 rounded-2 border border-line-0 bg-bg-2 py-1.5 pr-1.5 pl-3">
        <pre className="min-w-0 flex-1 py-1 font-mono text-xs leading-read wrap-anywhere whitespace-pre-wrap text-fg-0">{text}</pre>
        <CopyButton text={text} label="Copy configuration" />
      </div>
    </SettingsSection>
  );
}

function KeyRow({ apiKey }: { apiKey: ApiKey }) {
  const { remove } = useApiKeyActions();
  const [isAsking, setIsAsking] = useState(false);
  const { expires_at } = apiKey;
  const expiry = expires_at === null ? null : <RelativeTime at={expires_at} />;
  const isExpired = expires_at !== null && isPast(expires_at);
  return (
    <li className="flex items-center gap-3 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="flex min-w-0 flex-wrap items-baseline gap-x-2 text-fg-0">
          <span className="truncate">{apiKey.name}</span>
          <code className="font-mono text-xs text-fg-2">{apiKey.prefix}…</code>
        </p>
        <p className="text-xs text-fg-2">
          {permissionsOf(apiKey)} ·{" "}
          {apiKey.last_used_at ? (
            <>
              Last used <RelativeTime at={apiKey.last_used_at} />
            </>
          ) : (
            "Never used"
          )}
          {expiry && isExpired ? <> · Expired {expiry}</> : null}
          {expiry && !isExpired ? <> · Expires {expiry}</> : null}
        </p>
      </div>
      <Button size="sm" variant="ghost" onClick={() => setIsAsking(true)} aria-label={`Delete ${apiKey.name}`}>
        Delete
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={`Delete API key “${apiKey.name}”?`}
        confirmLabel="Delete key"
        loadingWord="Deleting…"
        isDanger
        onConfirm={async () => {
          await remove.mutateAsync(apiKey.id);
          toast("API key deleted.");
        }}
      >
        Programs that use this key lose access immediately. This can't be undone.
      </ConfirmDialog>
    </li>
  );
}

const lifetimes = [
  { value: "30", label: "30 days" },
  { value: "365", label: "1 year" },
  { value: "0", label: "No expiration" },
] as const;
const accessLevels = [
  { value: "none", label: "No access" },
  { value: "read", label: "Read" },
  { value: "write", label: "Read and write" },
] as const;
type AccessLevel = (typeof accessLevels)[number]["value"];

/** The permissions of a key: "Read and write · Run agent in Ask mode". */
function permissionsOf({ scopes, edit_mode }: Pick<ApiKey, "scopes" | "edit_mode">): string {
  const access = scopes.includes("write") ? "Read and write" : scopes.includes("read") ? "Read" : "";
  const run = scopes.includes("run") ? `Run agent in ${modeOf(edit_mode).label} mode` : "";
  return [access, run].filter(Boolean).join(" · ");
}

interface NewKey {
  name: string;
  access: AccessLevel;
  canRun: boolean;
  mode: EditMode;
  days: (typeof lifetimes)[number]["value"];
}
const scopesOf = ({ access, canRun }: NewKey): ApiKeyScope[] => [
  ...(access === "none" ? [] : [access]),
  ...(canRun ? (["run"] as const) : []),
];

function CreateKeyDialog({ onClose }: { onClose: () => void }) {
  const { create } = useApiKeyActions();
  const made = create.data;
  const form = useForm<NewKey>({
    start: { name: "", access: "write", canRun: false, mode: "ask", days: "365" },
    check: (key) => {
      if (!key.name.trim()) return { name: "Enter a name." };
      return scopesOf(key).length === 0 ? { name: "Select at least one permission." } : {};
    },
    submit: (key) =>
      create.mutateAsync({
        name: key.name.trim(),
        scopes: scopesOf(key),
        edit_mode: key.canRun ? key.mode : null,
        expires_in_days: Number(key.days) || null,
      }),
  });
  const { canRun, mode } = form.values;

  if (made)
    return (
      <Dialog
        isOpen
        isHeld
        onOpenChange={(isOpen) => !isOpen && onClose()}
        title="API key created"
        description="Copy the key now. It won't be shown again."
        footer={
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <div className="flex items-center gap-2 rounded-2 border border-line-0 bg-bg-2 py-1.5 pr-1.5 pl-3">
          <code className="min-w-0 flex-1 font-mono text-xs break-all text-fg-0 select-all">{made.key}</code>
          <CopyButton text={made.key} label="Copy key" />
        </div>
      </Dialog>
    );
  return (
    <Dialog isOpen isHeld={form.isDirty} onOpenChange={(isOpen) => !isOpen && !form.isSubmitting && onClose()} title="New API key">
      <form onSubmit={form.onSubmit} noValidate className="grid gap-4">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <Field label="Name" error={form.errors.name}>
          <Input {...form.text("name")} maxLength={100} autoComplete="off" placeholder="Nightly build" />
        </Field>
        <div className="grid justify-items-start gap-1.5">
          <span className="text-fg-1">Projects and files</span>
          <SegmentedControl label="Projects and files" segments={accessLevels} {...form.choice("access")} />
        </div>
        <Switch
          isOn={canRun}
          onChange={(isOn) => form.set("canRun", isOn)}
          label="Run the agent"
          hint="Each run is charged at the model's price. A request can choose a stricter edit mode than the one below."
        />
        {canRun ? (
          <div className="grid justify-items-start gap-1.5 pl-9.5">
            <span className="text-fg-1">Edit mode</span>
            <SegmentedControl label="Edit mode" segments={modes} {...form.choice("mode")} />
            <p className="text-xs text-fg-2">{modeOf(mode).hint}.</p>
          </div>
        ) : null}
        <div className="grid justify-items-start gap-1.5">
          <span className="text-fg-1">Expiration</span>
          <SegmentedControl label="Expiration" segments={lifetimes} {...form.choice("days")} />
        </div>
        <div className="flex justify-end gap-2">
          <Button variant="ghost" onClick={onClose} disabled={form.isSubmitting}>
            Cancel
          </Button>
          <Button type="submit" variant="primary" isLoading={form.isSubmitting} loadingWord="Creating…">
            Create key
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
