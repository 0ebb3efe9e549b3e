import { useQueryClient } from "@tanstack/react-query";
import type { GitProvider } from "@tesslate/contract";
import { ExternalLink } from "lucide-react";
import { useId, useRef, useState } from "react";
import { api } from "../../api.ts";
import { hasCode } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
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
  const form = useForm({
    start: { base_url: host !== undefined && host !== provider.base_url ? host : "", username: "", token: "" },
    check: ({ base_url, token }) => {
      if (token.trim() === "") return { token: "Enter a token." };
      return needsHost && base_url.trim() === "" ? { base_url: "Enter the URL of the host. It must start with https://." } : {};
    },
    submit: async ({ base_url, username, token }) => {
      await api.gitProviders.connect({
        params: { provider: provider.name },
        body: {
          token: token.trim(),
          ...(base_url.trim() !== "" && { base_url: base_url.trim() }),
          ...(username.trim() !== "" && { username: username.trim() }),
        },
      });
      await done();
    },
    faultsOf: (error) => {
      if (hasCode(error, "provider_token_expired"))
        return {
          "": `${provider.display_name} rejected this token. Check that it is complete, hasn't expired and belongs to this host.`,
        };
      return hasCode(error, "outbound_refused") ? { "": "This server doesn't allow connections to this address." } : undefined;
    },
  });
  const { errors } = form;
  const isHostAsked = provider.can.self_hosted && host === undefined;
  const failure = errors[""] ?? (isHostAsked ? undefined : errors.base_url);
  const [isWaiting, setIsWaiting] = useState(false);
  const [blocked, setBlocked] = useState<string>();
  const waiting = useRef<Window | null>(null);

  const done = useHandler(async () => {
    await queries.invalidateQueries({ queryKey: gitAccountsKey });
    setIsWaiting(false);
    setBlocked(undefined);
    form.reset({ ...form.values, token: "" });
    onConnected();
  });
  connectPopup.useAnswer(
    useHandler((answer: Connected) => {
      if (answer.provider !== provider.name || !isWaiting) return;
      if (answer.error === undefined) return void done();
      setIsWaiting(false);
      setBlocked(undefined);
      form.show({ "": connectFailure(answer.error) });
    }),
  );
  const inBrowser = async () => {
    form.show({});
    setBlocked(undefined);
    const popup = connectPopup.open();
    waiting.current = popup;
    setIsWaiting(true);
    try {
      const { authorization_url } = await api.gitProviders.connect({ params: { provider: provider.name }, body: {} });
      if (authorization_url === null) throw new Error("The server returned no sign-in page.");
      if (popup) popup.location.href = authorization_url;
      else setBlocked(authorization_url);
    } catch (error) {
      popup?.close();
      setIsWaiting(false);
      form.fail(error);
    }
  };
  const giveUp = () => {
    waiting.current?.close();
    setIsWaiting(false);
    setBlocked(undefined);
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
            <Button icon={<ExternalLink size={14} />} disabled={form.isSubmitting} onClick={() => void inBrowser()}>
              Connect {provider.display_name}
            </Button>
          )}
          <span className="text-xs text-fg-2">or use a token:</span>
        </div>
      ) : null}
      <form id={formId} noValidate onSubmit={form.onSubmit} className="grid gap-3">
        {isHostAsked ? (
          <Field label="Host" error={errors.base_url} hint={needsHost ? undefined : `Leave empty for ${provider.base_url}.`}>
            <Input
              {...form.text("base_url")}
              type="url"
              spellCheck={false}
              autoComplete="off"
              placeholder={provider.base_url ?? "https://git.example.org"}
            />
          </Field>
        ) : null}
        {provider.name === "bitbucket" || provider.name === "git" ? (
          <Field
            label={provider.name === "bitbucket" ? "Email" : "Username"}
            error={errors.username}
            hint={provider.name === "bitbucket" ? "The email of the account that owns the token." : "Optional. Some hosts require it."}
          >
            <Input {...form.text("username")} spellCheck={false} autoComplete="off" />
          </Field>
        ) : null}
        <Field label="Token" hint={tokenHints[provider.name]} error={errors.token}>
          <PasswordInput {...form.text("token")} noun="token" autoComplete="off" />
        </Field>
        {failure ? <Banner tone="err">{failure}</Banner> : null}
        <div>
          <Button type="submit" form={formId} isLoading={form.isSubmitting} loadingWord="Connecting…" disabled={isWaiting}>
            Connect with token
          </Button>
        </div>
      </form>
    </div>
  );
}
