import { useState, type FormEvent } from "react";
import type { McpServer, McpTransport } from "@tesslate/contract";
import { fieldErrorsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { lineOf, wordsOf } from "./command-line.ts";
import { useMcpActs, type McpPlace } from "./mcp.queries.ts";
import { changesOf, newPair, SecretPairs } from "./SecretPairs.tsx";

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
type Errors = Partial<Record<"name" | "url" | "command" | "", string>>;

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
  const { create, update } = useMcpActs(place);
  const [kind, setKind] = useState<McpTransport>(server?.transport ?? "http");
  const [name, setName] = useState(server?.name ?? "");
  const [url, setUrl] = useState(server?.url ?? "");
  const [line, setLine] = useState(lineOf(server?.command ?? []));
  const [headers, setHeaders] = useState(() => (server?.header_names ?? []).map((one) => newPair(one, true)));
  const [env, setEnv] = useState(() => (server?.env_names ?? []).map((one) => newPair(one, true)));
  const [clientId, setClientId] = useState(server?.oauth_client_id ?? "");
  const [clientSecret, setClientSecret] = useState("");
  const [errors, setErrors] = useState<Errors>({});
  const isProgram = kind === "stdio";

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const command = wordsOf(line);
    const missing: Errors = {
      ...(name.trim() === "" && { name: "Enter a name." }),
      ...(!isProgram && !/^https?:\/\/./.test(url.trim()) && { url: "Must start with https:// or http://." }),
      ...(isProgram && command === undefined && { command: "A quote isn't closed." }),
      ...(isProgram && command?.length === 0 && { command: "Enter a command." }),
    };
    setErrors(missing);
    if (Object.keys(missing).length > 0) return;
    const isOtherClient = clientId.trim() !== (server?.oauth_client_id ?? "") || clientSecret !== "";
    const client = clientId.trim() === "" ? null : { client_id: clientId.trim(), client_secret: clientSecret || null };
    const secrets = isProgram
      ? { env: changesOf(env, server?.env_names ?? []) }
      : { headers: changesOf(headers, server?.header_names ?? []) };
    try {
      const saved = server
        ? await update.mutateAsync({
            id: server.id,
            change: {
              name: name.trim(),
              ...secrets,
              ...(!isProgram && url.trim() !== server.url && { url: url.trim() }),
              ...(!isProgram && isOtherClient && { oauth_client: client }),
              ...(isProgram && command && lineOf(command) !== lineOf(server.command ?? []) && { command }),
            },
          })
        : await create.mutateAsync({
            name: name.trim(),
            transport: kind,
            ...(isProgram ? { command: command ?? [] } : { url: url.trim(), oauth_client: client }),
            ...(secrets as { env?: Record<string, string>; headers?: Record<string, string> }),
          });
      onSaved(saved);
      onClose();
    } catch (error) {
      const found = fieldErrorsOf(error, ["name", "url", "command"]);
      if (hasCode(error, "outbound_refused")) setErrors({ url: sentenceOf(error) });
      else setErrors(Object.keys(found).length > 0 ? found : { "": sentenceOf(error) });
    }
  };

  return (
    <Dialog isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title={server ? `Edit ${server.name}` : "Add connector"}>
      <form onSubmit={submit} noValidate className="grid grid-cols-[minmax(0,1fr)] gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        {server ? null : (
          <div className="grid justify-items-start gap-1.5">
            <SegmentedControl label="Server type" segments={kinds} value={kind} onChange={setKind} />
            <p className="text-xs text-fg-2">{about[kind]}</p>
          </div>
        )}
        <Field label="Name" error={errors.name}>
          <Input
            autoComplete="off"
            maxLength={60}
            placeholder="Issue tracker"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        {isProgram ? (
          <Field label="Command" error={errors.command} hint="Program and arguments, run without a shell. Put keys into variables.">
            <Input
              className="font-mono"
              autoComplete="off"
              spellCheck={false}
              placeholder="npx -y @modelcontextprotocol/server-filesystem ."
              value={line}
              onChange={(event) => setLine(event.target.value)}
            />
          </Field>
        ) : (
          <Field
            label="URL"
            error={errors.url}
            {...(server && { hint: "Shown without its query. Changing the URL removes the sign-in and the tools." })}
          >
            <Input
              type="url"
              className="font-mono"
              placeholder={kind === "sse" ? "https://example.com/sse" : "https://example.com/mcp"}
              value={url}
              onChange={(event) => setUrl(event.target.value)}
            />
          </Field>
        )}
        {isProgram ? (
          <SecretPairs kind="variable" pairs={env} onChange={setEnv} />
        ) : (
          <>
            <SecretPairs kind="header" pairs={headers} onChange={setHeaders} />
            <OauthClient
              {...{ clientId, setClientId, clientSecret, setClientSecret }}
              isStored={server !== undefined && server.oauth_client_id !== null}
            />
          </>
        )}
        <div className="flex justify-end gap-2 pt-1">
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="primary" isLoading={create.isPending || update.isPending} loadingWord="Saving…">
            {server ? "Save" : "Add connector"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The OAuth client for servers without dynamic client registration. */
function OauthClient({
  clientId,
  setClientId,
  clientSecret,
  setClientSecret,
  isStored,
}: {
  clientId: string;
  setClientId: (id: string) => void;
  clientSecret: string;
  setClientSecret: (secret: string) => void;
  isStored: boolean;
}) {
  return (
    <details open={isStored}>
      <summary className="cursor-pointer text-fg-1 narrow:py-2">Custom OAuth client</summary>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3 pt-2">
        <p className="text-xs text-fg-2">
          Only for servers without dynamic client registration. Register a client there with this redirect URI:{" "}
          <code className="font-mono wrap-anywhere text-fg-1 select-all">{`${location.origin}/api/mcp/oauth/callback`}</code>
        </p>
        <Field label="Client ID">
          <Input className="font-mono" autoComplete="off" value={clientId} onChange={(event) => setClientId(event.target.value)} />
        </Field>
        <Field label="Client secret" {...(isStored && { hint: "Enter it again if you change the client ID." })}>
          <PasswordInput
            noun="secret"
            autoComplete="off"
            className="font-mono"
            value={clientSecret}
            onChange={(event) => setClientSecret(event.target.value)}
          />
        </Field>
      </div>
    </details>
  );
}
