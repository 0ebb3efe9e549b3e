import { useQueryClient } from "@tanstack/react-query";
import type { GitProvider } from "@tesslate/contract";
import { ExternalLink } from "lucide-react";
import { useId, useRef, useState, type FormEvent } from "react";
import { api } from "../../api.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { connectFailure, connectPopup, type Connected } from "./connect-popup.ts";
import { gitAccountsKey } from "./git-accounts.queries.ts";

const tokenHints: Record<GitProvider["name"], string> = {
  github: "A personal access token. Classic: with the scope repo. Fine-grained: with read and write access to contents and pull requests.",
  gitlab: "A personal access token with the scope api, or with read_api and write_repository.",
  bitbucket: "An API token with read and write access to repositories and pull requests.",
  gitea: "An access token with read and write access to repositories, and read access to user.",
  git: "The password or token that the host accepts over HTTPS.",
};

/** Connects an account in the browser or with a token. Keeps its input while the other window is open. */
export function ConnectForm({
  provider,
  host,
  onConnected,
}: {
  provider: GitProvider;
  /** The host, if it is already known. */
  host?: string | undefined;
  onConnected: () => void;
}) {
  const queries = useQueryClient();
  const formId = useId();
  const needsHost = provider.base_url === null;
  const [address, setAddress] = useState(host !== undefined && host !== provider.base_url ? host : "");
  const [username, setUsername] = useState("");
  const [token, setToken] = useState("");
  const [working, setWorking] = useState<"browser" | "token">();
  const [blocked, setBlocked] = useState<string>();
  const [failure, setFailure] = useState<string>();
  const waiting = useRef<Window | null>(null);
  const isWaiting = working === "browser";

  const done = useHandler(async () => {
    await queries.invalidateQueries({ queryKey: gitAccountsKey });
    setWorking(undefined);
    setBlocked(undefined);
    setToken("");
    onConnected();
  });
  connectPopup.useAnswer(
    useHandler((answer: Connected) => {
      if (answer.provider !== provider.name || !isWaiting) return;
      if (answer.error === undefined) return void done();
      setWorking(undefined);
      setBlocked(undefined);
      setFailure(connectFailure(answer.error));
    }),
  );
  const inBrowser = async () => {
    setFailure(undefined);
    setBlocked(undefined);
    const popup = connectPopup.open();
    waiting.current = popup;
    setWorking("browser");
    try {
      const { authorization_url } = await api.gitProviders.connect({ params: { provider: provider.name }, body: {} });
      if (authorization_url === null) throw new Error("The server returned no sign-in page.");
      if (popup) popup.location.href = authorization_url;
      else setBlocked(authorization_url);
    } catch (error) {
      popup?.close();
      setWorking(undefined);
      setFailure(sentenceOf(error));
    }
  };
  const giveUp = () => {
    waiting.current?.close();
    setWorking(undefined);
    setBlocked(undefined);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() === "") return setFailure("Enter a token.");
    if (needsHost && address.trim() === "") return setFailure("Enter the URL of the host. It must start with https://.");
    setFailure(undefined);
    setWorking("token");
    try {
      await api.gitProviders.connect({
        params: { provider: provider.name },
        body: {
          token: token.trim(),
          ...(address.trim() !== "" && { base_url: address.trim() }),
          ...(username.trim() !== "" && { username: username.trim() }),
        },
      });
      await done();
    } catch (error) {
      setWorking(undefined);
      setFailure(
        hasCode(error, "provider_token_expired")
          ? `${provider.display_name} rejected this token. Check that it is complete, hasn't expired and belongs to this host.`
          : hasCode(error, "outbound_refused")
            ? "This server doesn't allow connections to this address."
            : sentenceOf(error),
      );
    }
  };
  return (
    <div className="grid gap-3">
      {provider.configured ? (
        <div className="flex flex-wrap items-center gap-2.5">
          {isWaiting ? (
            <>
              <Spinner word={`Waiting for ${provider.display_name}…`} />
              {blocked !== undefined ? (
                <>
                  <span className="text-xs text-fg-2">Your browser blocked the pop-up.</span>
                  <Button size="sm" asChild>
                    <a href={blocked} target="_blank" rel="opener">
                      <ExternalLink size={14} />
                      Open {provider.display_name}
                    </a>
                  </Button>
                </>
              ) : null}
              <Button size="sm" variant="ghost" onClick={giveUp}>
                Cancel
              </Button>
            </>
          ) : (
            <Button icon={<ExternalLink size={14} />} disabled={working !== undefined} onClick={() => void inBrowser()}>
              Connect {provider.display_name}
            </Button>
          )}
          <span className="text-xs text-fg-2">or use a token:</span>
        </div>
      ) : null}
      <form id={formId} noValidate onSubmit={(event) => void submit(event)} className="grid gap-3">
        {provider.can.self_hosted && host === undefined ? (
          <Field label="Host" hint={needsHost ? undefined : `Leave empty for ${provider.base_url}.`}>
            <Input
              value={address}
              type="url"
              spellCheck={false}
              autoComplete="off"
              placeholder={provider.base_url ?? "https://git.example.org"}
              onChange={(event) => setAddress(event.target.value)}
            />
          </Field>
        ) : null}
        {provider.name === "bitbucket" || provider.name === "git" ? (
          <Field
            label={provider.name === "bitbucket" ? "Email" : "Username"}
            hint={provider.name === "bitbucket" ? "The email of the account that owns the token." : "Optional. Some hosts require it."}
          >
            <Input value={username} spellCheck={false} autoComplete="off" onChange={(event) => setUsername(event.target.value)} />
          </Field>
        ) : null}
        <Field label="Token" hint={tokenHints[provider.name]} error={failure !== undefined && token.trim() === "" ? failure : undefined}>
          <PasswordInput noun="token" value={token} autoComplete="off" onChange={(event) => setToken(event.target.value)} />
        </Field>
        {failure !== undefined && token.trim() !== "" ? <Banner tone="err">{failure}</Banner> : null}
        <div>
          <Button type="submit" form={formId} isLoading={working === "token"} loadingWord="Connecting…" disabled={isWaiting}>
            Connect with token
          </Button>
        </div>
      </form>
    </div>
  );
}
