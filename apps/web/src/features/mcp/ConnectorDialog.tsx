import { useState } from "react";
import type { McpServer, McpTransport } from "@tesslate/contract";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm, type Form } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { formatCommand, wordsOf } from "./command-line.ts";
import { useMcpActions, type McpPlace } from "./mcp.queries.ts";
import { changedSecrets, newPair, SecretPairs, type SecretPair } from "./SecretPairs.tsx";

const kinds = [
  { value: "http", label: "HTTP" },
  { value: "stdio", label: "Command" },
  { value: "sse", label: "SSE (legacy)" },
] as const;
const about: Record<McpTransport, string> = {
  http: "A remote server with streamable HTTP. Most servers use it.",
  stdio: "A program that runs in the project's sandbox while the agent works. It can access the project's files.",
  sse: "A remote server with the older transport, server-sent events.",
};

interface ConnectorValues {
  name: string;
  url: string;
  command: string;
  headers: readonly SecretPair[];
  env: readonly SecretPair[];
  client_id: string;
  client_secret: string;
}

/** Adds or edits a server. `onSaved` tests the connection, which loads the tools. */
export function ConnectorDialog({
  place,
  server,
  onClose,
  onSaved,
}: {
  place: McpPlace;
  server?: McpServer;
  onClose: () => void;
  onSaved: (server: McpServer) => void;
}) {
  const { create, update } = useMcpActions(place);
  const [kind, setKind] = useState<McpTransport>(server?.transport ?? "http");
  const isProgram = kind === "stdio";
  const form = useForm<ConnectorValues>({
    start: {
      name: server?.name ?? "",
      url: server?.url ?? "",
      command: formatCommand(server?.command ?? []),
      headers: (server?.header_names ?? []).map((one) => newPair(one, true)),
      env: (server?.env_names ?? []).map((one) => newPair(one, true)),
      client_id: server?.oauth_client_id ?? "",
      client_secret: "",
    },
    check: ({ name, url, command }) => {
      const words = wordsOf(command);
      return {
        ...(name.trim() === "" && { name: "Enter a name." }),
        ...(!isProgram && !/^https?:\/\/./.test(url.trim()) && { url: "Must start with https:// or http://." }),
        ...(isProgram && words === undefined && { command: "A quote isn't closed." }),
        ...(isProgram && words?.length === 0 && { command: "Enter a command." }),
      };
    },
    submit: async ({ name, url, command, headers, env, client_id, client_secret }) => {
      const words = wordsOf(command);
      const isOtherClient = client_id.trim() !== (server?.oauth_client_id ?? "") || client_secret !== "";
      const client = client_id.trim() === "" ? null : { client_id: client_id.trim(), client_secret: client_secret || null };
      const secrets = isProgram
        ? { env: changedSecrets(env, server?.env_names ?? []) }
        : { headers: changedSecrets(headers, server?.header_names ?? []) };
      const saved = server
        ? await update.mutateAsync({
            id: server.id,
            change: {
              name: name.trim(),
              ...secrets,
              ...(!isProgram && url.trim() !== server.url && { url: url.trim() }),
              ...(!isProgram && isOtherClient && { oauth_client: client }),
              ...(isProgram && words && formatCommand(words) !== formatCommand(server.command ?? []) && { command: words }),
            },
          })
        : await create.mutateAsync({
            name: name.trim(),
            transport: kind,
            ...(isProgram ? { command: words ?? [] } : { url: url.trim(), oauth_client: client }),
            ...(secrets as { env?: Record<string, string>; headers?: Record<string, string> }),
          });
      onSaved(saved);
      onClose();
    },
    faultsOf: (error) => (hasCode(error, "outbound_refused") ? { url: sentenceOf(error) } : undefined),
  });
  const { errors, values } = form;

  return (
    <Dialog
      isOpen
      isHeld={form.isDirty}
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={server ? `Edit ${server.name}` : "Add connector"}
    >
      <form onSubmit={form.onSubmit} noValidate className="grid grid-cols-1 gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        {server ? null : (
          <div className="grid justify-items-start gap-1.5">
            <SegmentedControl label="Server type" segments={kinds} value={kind} onChange={setKind} />
            <p className="text-xs text-fg-2">{about[kind]}</p>
          </div>
        )}
        <Field label="Name" error={errors.name}>
          <Input {...form.text("name")} autoComplete="off" maxLength={60} placeholder="Issue tracker" />
        </Field>
        {isProgram ? (
          <Field label="Command" error={errors.command} hint="Program and arguments, run without a shell. Put keys into variables.">
            <Input
              {...form.text("command")}
              className="font-mono"
              autoComplete="off"
              spellCheck={false}
              placeholder="npx -y @modelcontextprotocol/server-filesystem ."
            />
          </Field>
        ) : (
          <Field
            label="URL"
            error={errors.url}
            {...(server && { hint: "Shown without its query. Changing the URL removes the sign-in and the tools." })}
          >
            <Input
              {...form.text("url")}
              type="url"
              className="font-mono"
              placeholder={kind === "sse" ? "https://example.com/sse" : "https://example.com/mcp"}
            />
          </Field>
        )}
        {isProgram ? (
          <SecretPairs kind="variable" pairs={values.env} onChange={(env) => form.set("env", env)} />
        ) : (
          <>
            <SecretPairs kind="header" pairs={values.headers} onChange={(headers) => form.set("headers", headers)} />
            <OauthClient form={form} isStored={server !== undefined && server.oauth_client_id !== null} />
          </>
        )}
        <div className="flex justify-end gap-2 pt-1">
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="primary" isLoading={form.isSubmitting} loadingWord="Saving…">
            {server ? "Save" : "Add connector"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The OAuth client for servers without dynamic client registration. */
function OauthClient({ form, isStored }: { form: Form<ConnectorValues>; isStored: boolean }) {
  return (
    <details open={isStored}>
      <summary className="cursor-pointer text-fg-1 narrow:py-2">Custom OAuth client</summary>
      <div className="grid grid-cols-1 gap-3 pt-2">
        <p className="text-xs text-fg-2">
          Only for servers without dynamic client registration. Register a client there with this redirect URI:{" "}
          <code className="font-mono wrap-anywhere text-fg-1 select-all">{`${location.origin}/api/mcp/oauth/callback`}</code>
        </p>
        <Field label="Client ID" error={form.errors.client_id}>
          <Input {...form.text("client_id")} className="font-mono" autoComplete="off" />
        </Field>
        <Field
          label="Client secret"
          error={form.errors.client_secret}
          {...(isStored && { hint: "Enter it again if you change the client ID." })}
        >
          <PasswordInput {...form.text("client_secret")} noun="secret" autoComplete="off" className="font-mono" />
        </Field>
      </div>
    </details>
  );
}
