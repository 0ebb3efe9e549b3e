import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { ApiKey, ApiKeyScope, EditMode } from "@tesslate/contract";
import { modeOf, modes } from "../../lib/edit-modes.ts";
import { fieldErrorsOf, sentenceOf } from "../../lib/errors.ts";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { agoOf, isPast, momentOf } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast } from "../../ui/toast.tsx";
import { apiKeysQuery, useApiKeyActs } from "../auth/index.ts";

/** Personal keys for programs that use the API. */
export function ApiKeySettings() {
  const { data, error, refetch, isFetching } = useQuery(apiKeysQuery);
  const [isMaking, setIsMaking] = useState(false);
  const make = <Button onClick={() => setIsMaking(true)}>Make a key</Button>;
  return (
    <>
      <SettingsSection
        title="API keys"
        hint={
          <>
            For programs that act in your name. What they can call is described in the{" "}
            <a href="/docs" className="link">
              API reference
            </a>
            .
          </>
        }
        action={data && data.items.length > 0 ? make : null}
      >
        {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
        {error && !data ? (
          <LoadFailed className="px-0" title="Your keys could not be read" of={{ error, refetch, isFetching }} />
        ) : !data ? (
          <SkeletonRows count={3} label="Loading" />
        ) : data.items.length === 0 ? (
          <EmptyState className="px-0" title="No keys yet" action={make}>
            A key lets a script or a bot create projects, change files and talk to the agent, without your password.
          </EmptyState>
        ) : (
          <ul ref={keepRowFocus} className="divide-y divide-line-0 border-y border-line-0">
            {data.items.map((key) => (
              <KeyRow key={key.id} apiKey={key} />
            ))}
          </ul>
        )}
      </SettingsSection>
      <McpAddress />
      {isMaking ? <MakeKeyDialog onClose={() => setIsMaking(false)} /> : null}
    </>
  );
}

/** Where programs that speak MCP find this studio. */
function McpAddress() {
  const server = { type: "http", url: `${location.origin}/mcp`, headers: { Authorization: "Bearer tsk_…" } };
  const text = JSON.stringify({ mcpServers: { tesslate: server } }, null, 2);
  return (
    <SettingsSection
      title="For MCP clients"
      hint="Assistants and editors that speak MCP can work with your projects, as far as the key allows. This goes into their configuration:"
    >
      <div className="flex items-start gap-2 rounded-2 border border-line-0 bg-bg-2 py-1.5 pr-1.5 pl-3">
        <pre className="min-w-0 flex-1 py-1 font-mono text-xs leading-read wrap-anywhere whitespace-pre-wrap text-fg-0">{text}</pre>
        <CopyButton text={text} label="Copy the configuration" />
      </div>
    </SettingsSection>
  );
}

function KeyRow({ apiKey }: { apiKey: ApiKey }) {
  const { remove } = useApiKeyActs();
  const [isAsking, setIsAsking] = useState(false);
  const isOver = apiKey.expires_at !== null && isPast(apiKey.expires_at);
  return (
    <li className="flex items-center gap-3 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="flex min-w-0 flex-wrap items-baseline gap-x-2 text-fg-0">
          <span className="truncate">{apiKey.name}</span>
          <code className="font-mono text-xs text-fg-2">{apiKey.prefix}…</code>
        </p>
        <p className="text-xs text-fg-2">
          {powerOf(apiKey)},{" "}
          {apiKey.last_used_at ? (
            <>
              last used <time title={momentOf(apiKey.last_used_at)}>{agoOf(apiKey.last_used_at)}</time>
            </>
          ) : (
            "never used"
          )}
          {apiKey.expires_at ? (
            <>
              , {isOver ? "ended" : "ends"} <time title={momentOf(apiKey.expires_at)}>{agoOf(apiKey.expires_at)}</time>
            </>
          ) : null}
        </p>
      </div>
      <Button size="sm" variant="ghost" onClick={() => setIsAsking(true)} aria-label={`Delete ${apiKey.name}`}>
        Delete
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={`Delete the key ${apiKey.name}?`}
        act="Delete the key"
        actWord="Deleting"
        isDanger
        onConfirm={async () => {
          await remove.mutateAsync(apiKey.id);
          toast("Key deleted.");
        }}
      >
        Programs that use it are refused from this moment on. It cannot be brought back.
      </ConfirmDialog>
    </li>
  );
}

const lifetimes = [
  { value: "30", label: "30 days" },
  { value: "365", label: "A year" },
  { value: "0", label: "Until deleted" },
] as const;
const powers = [
  { value: "none", label: "Nothing" },
  { value: "read", label: "Read" },
  { value: "write", label: "Read and write" },
] as const;
type Power = (typeof powers)[number]["value"];

/** What a key may do, in a few words. */
function powerOf({ scopes, edit_mode }: Pick<ApiKey, "scopes" | "edit_mode">): string {
  const access = scopes.includes("write") ? "Reads and writes" : scopes.includes("read") ? "Reads" : "";
  const run = scopes.includes("run") ? `runs the agent in ${modeOf(edit_mode).label} mode` : "";
  const text = [access, run].filter(Boolean).join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function MakeKeyDialog({ onClose }: { onClose: () => void }) {
  const { create } = useApiKeyActs();
  const [name, setName] = useState("");
  const [power, setPower] = useState<Power>("write");
  const [canRun, setCanRun] = useState(false);
  const [mode, setMode] = useState<EditMode>("ask");
  const [days, setDays] = useState<(typeof lifetimes)[number]["value"]>("365");
  const [problem, setProblem] = useState<string>();
  const made = create.data;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim()) return setProblem("Say what the key is for.");
    const scopes: ApiKeyScope[] = [...(power === "none" ? [] : [power]), ...(canRun ? (["run"] as const) : [])];
    if (scopes.length === 0) return setProblem("A key that may do nothing is of no use.");
    setProblem(undefined);
    create.mutate({ name: name.trim(), scopes, edit_mode: canRun ? mode : null, expires_in_days: Number(days) || null });
  };

  if (made)
    return (
      <Dialog
        isOpen
        isHeld
        onOpenChange={(isOpen) => !isOpen && onClose()}
        title={`The key for ${made.name}`}
        description="Copy it now: it is shown this once and kept nowhere."
        footer={
          <Button variant="primary" onClick={onClose}>
            I have copied it
          </Button>
        }
      >
        <div className="flex items-center gap-2 rounded-2 border border-line-0 bg-bg-2 py-1.5 pr-1.5 pl-3">
          <code className="min-w-0 flex-1 font-mono text-xs break-all text-fg-0 select-all">{made.key}</code>
          <CopyButton text={made.key} label="Copy the key" />
        </div>
      </Dialog>
    );
  const serverProblem = create.error ? (fieldErrorsOf(create.error, ["name"])["name"] ?? sentenceOf(create.error)) : undefined;
  return (
    <Dialog isOpen isHeld={name.trim() !== ""} onOpenChange={(isOpen) => !isOpen && !create.isPending && onClose()} title="Make an API key">
      <form onSubmit={submit} noValidate className="grid gap-4">
        {serverProblem ? <Banner tone="err">{serverProblem}</Banner> : null}
        <Field label="What is it for?" error={problem}>
          <Input
            name="name"
            maxLength={100}
            autoComplete="off"
            placeholder="Nightly build"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <div className="grid justify-items-start gap-1.5">
          <span className="text-fg-1">Projects and files</span>
          <SegmentedControl label="Projects and files" segments={powers} value={power} onChange={setPower} />
        </div>
        <Switch
          isOn={canRun}
          onChange={setCanRun}
          label="It may run the agent"
          hint="Each run costs what its model costs. A call may lower the mode below, never raise it."
        />
        {canRun ? (
          <div className="grid justify-items-start gap-1.5 pl-[38px]">
            <span className="text-fg-1">Mode of its runs</span>
            <SegmentedControl label="Mode of its runs" segments={modes} value={mode} onChange={setMode} />
            <p className="text-xs text-fg-2">{modeOf(mode).hint}.</p>
          </div>
        ) : null}
        <div className="grid justify-items-start gap-1.5">
          <span className="text-fg-1">It works for</span>
          <SegmentedControl label="It works for" segments={lifetimes} value={days} onChange={setDays} />
        </div>
        <div className="flex justify-end gap-2">
          <Button variant="ghost" onClick={onClose} disabled={create.isPending}>
            Cancel
          </Button>
          <Button type="submit" variant="primary" isLoading={create.isPending} loadingWord="Making it">
            Make the key
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
