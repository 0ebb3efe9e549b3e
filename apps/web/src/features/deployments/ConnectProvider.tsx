import type { RemoteProvider } from "@tesslate/contract";
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast } from "../../ui/toast.tsx";
import { deployProviderNames, safeUrl } from "./deployments.ts";
import { useCredentials, useProviderSignIn } from "./use-credentials.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const tokenHints: Record<RemoteProvider, string> = {
  vercel: "Account settings → Tokens. Set the scope to your team or your full account.",
  netlify: "User settings → Applications → Personal access tokens.",
  cloudflare: "My profile → API tokens. Requires the permission Account → Workers Scripts → Edit.",
};

/** Connects an account at a provider, by OAuth or with a token that is verified before it is saved. */
export function ConnectProvider({
  provider,
  projectId,
  className,
  onConnected,
  onCancel,
}: {
  provider: RemoteProvider;
  /** Offers to save it for this project only, instead of as the person's default account. */
  projectId?: string;
  className?: string;
  onConnected: () => void;
  onCancel?: () => void;
}) {
  const { read, save } = useCredentials();
  const known = read.data?.providers.find((candidate) => candidate.name === provider);
  const [isForProject, setIsForProject] = useState(false);
  const onlyId = isForProject ? projectId : undefined;
  const signIn = useProviderSignIn(provider, onlyId, onConnected);
  const name = deployProviderNames[provider];
  const tokenUrl = safeUrl(known?.token_url);
  const needsAccount = known?.required.includes("account_id") === true;
  const hasTeams = known?.optional.includes("team_id") === true;

  const form = useForm({
    start: { access_token: "", account_id: "", team_id: "" },
    check: ({ access_token, account_id }) => ({
      ...(access_token.trim() === "" && { access_token: "Enter an API token." }),
      ...(needsAccount && account_id.trim() === "" && { account_id: "Enter the account ID." }),
    }),
    submit: async ({ access_token, account_id, team_id }) => {
      const saved = await save.mutateAsync({
        provider,
        access_token: access_token.trim(),
        ...(onlyId && { project_id: onlyId }),
        metadata: {
          ...(needsAccount && { account_id: account_id.trim() }),
          ...(hasTeams && team_id.trim() && { team_id: team_id.trim() }),
        },
      });
      form.reset({ access_token: "", account_id, team_id });
      toast(
        saved.validated ? `${name} connected.` : `Token saved, but ${name} didn't respond, so it hasn't been verified.`,
        saved.validated ? {} : { kind: "note" },
      );
      onConnected();
    },
    faultsOf: (error) => {
      if (hasCode(error, "credential_rejected")) return { access_token: sentenceOf(error) };
      return hasCode(error, "account_id_required") ? { account_id: sentenceOf(error) } : undefined;
    },
  });
  const { errors } = form;
  return (
    <section aria-label={`Connect ${name}`} className={className}>
      <h4 className="text-sm">Connect {name}</h4>
      <p className="text-xs text-fg-2">Verified with {name} before saving. Encrypted on this server. Never shown again.</p>
      {projectId ? (
        <div className="mt-2.5 text-xs">
          <Switch isOn={isForProject} onChange={setIsForProject} label="Only for this project" hint="Otherwise all your projects use it." />
        </div>
      ) : null}
      {known?.oauth_available ? (
        <div className="mt-2.5 grid justify-items-start gap-2 border-b border-line-0 pb-3">
          {signIn.state === "waiting" ? (
            <div className="flex flex-wrap items-center gap-2">
              <Spinner word={`Waiting for you to sign in to ${name}…`} />
              <Button size="sm" variant="ghost" onClick={signIn.cancel}>
                Cancel
              </Button>
            </div>
          ) : (
            <Button icon={<ExternalLink size={14} />} onClick={signIn.begin}>
              Sign in with {name}
            </Button>
          )}
          {signIn.state === "blocked" ? (
            <p role="alert" className="text-xs text-err">
              Your browser blocked the pop-up. Allow pop-ups for this site, then try again.
            </p>
          ) : signIn.state === "refused" ? (
            <p role="alert" className="text-xs text-err">
              Couldn't connect your {name} account. Try again, or use a token.
            </p>
          ) : signIn.failure ? (
            <p role="alert" className="text-xs text-err">
              <ErrorSentence of={signIn.failure} />
            </p>
          ) : null}
        </div>
      ) : null}
      <form noValidate autoComplete="off" onSubmit={form.onSubmit} className="mt-2.5 grid gap-2.5">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        {needsAccount ? (
          <Field label="Account ID" error={errors.account_id} hint="32 characters, shown on the account overview.">
            <Input {...form.text("account_id")} className="font-mono text-xs narrow:text-lg" autoComplete="off" spellCheck={false} />
          </Field>
        ) : null}
        <Field
          label="API token"
          error={errors.access_token}
          hint={tokenHints[provider]}
          aside={
            tokenUrl ? (
              <a className="link text-xs" href={tokenUrl} target="_blank" rel="noopener noreferrer">
                Create token
              </a>
            ) : null
          }
        >
          <PasswordInput
            {...form.text("access_token")}
            noun="token"
            className="font-mono text-xs narrow:text-lg"
            autoComplete="off"
            data-1p-ignore
          />
        </Field>
        {hasTeams ? (
          <Field label="Team ID" error={errors.team_id} hint="Optional. The default is your personal account.">
            <Input {...form.text("team_id")} className="font-mono text-xs narrow:text-lg" autoComplete="off" spellCheck={false} />
          </Field>
        ) : null}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" isLoading={form.isSubmitting} loadingWord="Connecting…">
            Connect
          </Button>
          {onCancel ? (
            <Button variant="ghost" onClick={onCancel}>
              Cancel
            </Button>
          ) : null}
        </div>
      </form>
    </section>
  );
}
