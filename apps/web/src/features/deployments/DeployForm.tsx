import { useQuery } from "@tanstack/react-query";
import type { BuildMode, Container, DeployEnvironment, DeploymentPlan, FrameworkId } from "@tesslate/contract";
import { ArrowUpFromLine } from "lucide-react";
import { useDeferredValue, useState, type ReactNode } from "react";
import { detailsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { useServices } from "../../project/services.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Select } from "../../ui/Select.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { isLimit, LimitNotice } from "../billing/index.ts";
import { cleanSiteName, SiteNameStatus, useSiteName, type SiteNameState } from "../domains/index.ts";
import { ConnectProvider } from "./ConnectProvider.tsx";
import { credentialsQuery, planQuery } from "./deployments.queries.ts";
import { versionName, providerTitle, deployProviderNames, safeUrl, shortUrl } from "./deployments.ts";
import { useDeploys } from "./deploys-context.ts";
import { domainError, planRequestOf, deploymentRequestOf, toProvider, type Draft } from "./draft.ts";
import { frameworkNames } from "./framework-names.ts";
import { EnvPreview } from "./EnvPreview.tsx";
import { GateChecks } from "./GateChecks.tsx";
import { TargetCards } from "./TargetCards.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const detected = "detected";

/** Target, build settings and variables of a deployment. Input is kept while an account is connected, and after closing. */
export function DeployForm({ containers, onStarted }: { containers: readonly Container[]; onStarted: (deploymentId: string) => void }) {
  const { api } = useServices();
  const { projectId, draft, setDraft, start } = useDeploys();
  const change = (patch: Partial<Draft>) => setDraft({ ...draft, ...patch });
  const bases = containers.filter((container) => container.container_type === "base");
  const credentials = useQuery(credentialsQuery(api));
  const info = credentials.data?.providers.find(({ name }) => name === draft.provider);
  const asked = useDeferredValue(draft);
  const plan = useQuery({ ...planQuery(api, projectId, planRequestOf(projectId, asked)), enabled: bases.length > 0 });
  // A plan of another provider does not apply.
  const current = plan.data?.provider === draft.provider ? plan.data : undefined;
  const [failure, setFailure] = useState<unknown>();
  const [isStarting, setIsStarting] = useState(false);
  const domain = draft.environment === "preview" ? undefined : domainError(draft.customDomain);
  const isConnected = draft.provider === "local" || current?.is_connected === true;
  const isNamed = draft.provider === "local" && draft.environment === "production";
  const siteName = useSiteName(projectId, draft.siteName, {
    containerId: current?.container_id,
    isEnabled: isNamed && current?.has_site === false,
  });
  const nameError = siteName.error ?? (isNamed && hasCode(failure, "site_name_taken") ? sentenceOf(failure) : undefined);
  const isReady = current !== undefined && isConnected && domain === undefined && siteName.error === undefined && plan.error === null;

  const deploy = async () => {
    setIsStarting(true);
    setFailure(undefined);
    try {
      // The name of an existing site is changed under Domains.
      const { id } = await start(deploymentRequestOf(projectId, current?.has_site ? { ...draft, siteName: "" } : draft));
      onStarted(id);
    } catch (error) {
      setFailure(error);
      if (hasCode(error, "deployment_credentials_missing")) void plan.refetch();
    } finally {
      setIsStarting(false);
    }
  };

  if (bases.length === 0)
    return <p className="px-5 py-4 text-sm leading-read text-fg-2">This project has no app to deploy. Add one on the canvas.</p>;
  return (
    <>
      <div className="scroll-y min-h-0 flex-1">
        <Part title="Target">
          <TargetCards
            value={draft.provider}
            onChange={(provider) => setDraft(toProvider(draft, provider))}
            providers={credentials.data?.providers}
          />
          <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-1.5">
            <SegmentedControl<DeployEnvironment>
              label="Environment"
              value={draft.environment}
              onChange={(environment) => change({ environment })}
              segments={[
                { value: "production", label: "Production" },
                { value: "preview", label: "Preview" },
              ]}
            />
            <span className="min-w-0 flex-1 basis-48 text-xs text-fg-2">
              {draft.environment === "production"
                ? "Visitors will see this version."
                : "The preview gets a separate URL. The live version isn't affected."}
            </span>
          </div>
          {draft.provider !== "local" && current && !current.is_connected ? (
            <ConnectProvider
              key={draft.provider}
              provider={draft.provider}
              projectId={projectId}
              className="mt-3 rounded-3 border border-line-0 p-3.5"
              onConnected={() => void plan.refetch()}
            />
          ) : null}
        </Part>
        {isNamed ? (
          <Part title="Address">
            {current ? (
              <SiteAddress
                plan={current}
                name={draft.siteName}
                error={nameError}
                state={siteName}
                onChange={(siteName) => {
                  change({ siteName });
                  setFailure(undefined);
                }}
              />
            ) : (
              <Skeleton className="h-8" />
            )}
          </Part>
        ) : null}
        <Part title="Build settings">
          {plan.error && !plan.isFetching ? (
            <ErrorState
              className="p-0!"
              title="Couldn't load the deployment preview"
              onRetry={() => void plan.refetch()}
              details={detailsOf(plan.error)}
            >
              <ErrorSentence of={plan.error} />
            </ErrorState>
          ) : (
            <WhatShips draft={draft} change={change} plan={current} bases={bases} buildModes={info?.build_modes ?? []} />
          )}
        </Part>
        <Part
          title="Variables"
          hint={
            draft.provider === "local"
              ? "Only names are shown. Values are encrypted on this server and given to the build and the app."
              : "Only names are shown. Values are encrypted on this server and sent to the build and the provider."
          }
        >
          {current ? <EnvPreview plan={current} draft={draft} change={change} /> : <Skeleton className="h-16" />}
        </Part>
        {draft.provider === "local" || draft.environment === "preview" ? null : (
          <Part title="Domain">
            <Field
              label="Custom domain"
              error={domain}
              hint={`Optional. Point its DNS to ${providerTitle(draft.provider)} before or after you deploy.`}
            >
              <Input
                inputMode="url"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                placeholder="shop.example.org"
                className="font-mono text-xs narrow:text-lg"
                value={draft.customDomain}
                onChange={(event) => change({ customDomain: event.target.value })}
              />
            </Field>
          </Part>
        )}
        <Part title="Launch gate" hint="Checks that run before deploying. A blocking check stops the deployment if it fails.">
          <GateChecks projectId={projectId} />
        </Part>
      </div>
      <div className="flex flex-none flex-wrap items-center gap-2 border-t border-line-0 py-2.5 pr-3.5 pl-5 narrow:px-3">
        {isLimit(failure) ? (
          <LimitNotice error={failure} again="Deploy again." className="min-w-0 flex-1 basis-full" />
        ) : failure && !nameError ? (
          <p role="alert" className="min-w-0 flex-1 basis-full text-xs text-err">
            <ErrorSentence of={failure} />
          </p>
        ) : null}
        <span className="min-w-0 flex-1 truncate text-xs text-fg-2 narrow:basis-full">{footNote(draft, current)}</span>
        <Button
          variant="primary"
          icon={<ArrowUpFromLine size={14} />}
          className="narrow:flex-1"
          disabled={!isReady}
          isLoading={isStarting}
          loadingWord="Deploying…"
          onClick={() => void deploy()}
        >
          {draft.environment === "preview"
            ? `Deploy preview to ${providerTitle(draft.provider)}`
            : `Deploy to ${providerTitle(draft.provider)}`}
        </Button>
      </div>
    </>
  );
}

function footNote(draft: Draft, plan: DeploymentPlan | undefined): string {
  if (!plan) return "";
  if (!plan.is_connected && draft.provider !== "local") return `Connect ${deployProviderNames[draft.provider]} first.`;
  if (!plan.live) return draft.environment === "preview" ? "No version is live yet." : "This is the first version.";
  const name = versionName(plan.live);
  const url = safeUrl(plan.live.url);
  if (draft.environment === "preview") return url ? `${name} stays live at ${shortUrl(url)}.` : `${name} stays live.`;
  return url ? `${name} stays live at ${shortUrl(url)} until this version is ready.` : `${name} stays live until this version is ready.`;
}

function Part({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-t border-line-0 px-5 pt-3 pb-4 first:border-0 narrow:px-4">
      <h3 className="text-sm">{title}</h3>
      {hint ? <p className="text-xs text-fg-2">{hint}</p> : null}
      <div className="mt-2">{children}</div>
    </section>
  );
}

/** The address on this server; its name is chosen with the first version. */
function SiteAddress({
  plan,
  name,
  error,
  state,
  onChange,
}: {
  plan: DeploymentPlan;
  name: string;
  error: string | undefined;
  state: SiteNameState;
  onChange: (name: string) => void;
}) {
  const pattern = (plan.site_url_pattern ?? "").replace(/^https?:\/\//, "");
  const [before = "", after = ""] = pattern.split("{name}");
  const proposed = plan.site_name ?? "";
  if (plan.has_site)
    return (
      <p className="text-xs text-fg-2">
        <span className="font-mono break-all text-fg-1">{`${before}${proposed}${after}`}</span>
        <span className="block">Change it, or add your own domain, under Deployments, Domains.</span>
      </p>
    );
  return (
    <>
      <Field
        label="Name"
        error={error}
        hint={<span className="font-mono break-all">{`${before}${cleanSiteName(name) || proposed}${after}`}</span>}
      >
        <Input
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={57}
          placeholder={proposed}
          className="font-mono text-xs narrow:text-lg"
          value={name}
          onChange={(event) => onChange(event.target.value)}
        />
      </Field>
      <SiteNameStatus state={state} onSuggestion={onChange} />
    </>
  );
}

const frameworks = Object.keys(frameworkNames).filter((name) => name !== "unknown") as FrameworkId[];

function WhatShips({
  draft,
  change,
  plan,
  bases,
  buildModes,
}: {
  draft: Draft;
  change: (patch: Partial<Draft>) => void;
  plan: DeploymentPlan | undefined;
  bases: readonly Container[];
  /** The ways the provider takes an app. */
  buildModes: readonly BuildMode[];
}) {
  if (!plan)
    return (
      <div role="status" aria-label="Loading the deployment preview…" className="grid gap-2">
        <Skeleton className="h-8" />
        <Skeleton className="h-8" />
      </div>
    );
  const isStatic = (draft.framework ?? plan.framework) === "static";
  return (
    <div className="grid gap-3">
      <div className="grid grid-cols-2 gap-3 narrow:grid-cols-1">
        <Field label="Container">
          <Select
            value={draft.containerId ?? plan.container_id}
            onChange={(containerId) => change({ containerId, siteName: "" })}
            isDisabled={bases.length < 2}
            options={bases.map(({ id, name }) => ({ value: id, label: name }))}
          />
        </Field>
        <Field label="Framework">
          <Select
            value={draft.framework ?? detected}
            onChange={(next) => change({ framework: next === detected ? undefined : (next as FrameworkId) })}
            options={[
              { value: detected, label: `Detected: ${frameworkNames[plan.framework] ?? plan.framework}` },
              ...frameworks.map((id) => ({ value: id, label: frameworkNames[id] ?? id })),
            ]}
          />
        </Field>
        {isStatic ? null : (
          <>
            <Field label="Build command">
              <Input
                className="font-mono text-xs narrow:text-lg"
                autoComplete="off"
                spellCheck={false}
                placeholder={plan.build_command ?? "None"}
                value={draft.buildCommand}
                onChange={(event) => change({ buildCommand: event.target.value })}
              />
            </Field>
            <Field label="Output folder">
              <Input
                className="font-mono text-xs narrow:text-lg"
                autoComplete="off"
                spellCheck={false}
                placeholder={plan.output_directory ?? "."}
                value={draft.outputDirectory}
                onChange={(event) => change({ outputDirectory: event.target.value })}
              />
            </Field>
          </>
        )}
      </div>
      {buildModes.length > 1 ? (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <SegmentedControl<BuildMode>
            label="Build mode"
            value={draft.mode ?? plan.mode}
            onChange={(mode) => change({ mode })}
            segments={[
              { value: "source", label: "Source" },
              { value: "pre-built", label: "Pre-built" },
            ]}
          />
          <span className="min-w-0 flex-1 basis-48 text-xs text-fg-2">
            {(draft.mode ?? plan.mode) === "source"
              ? `This server builds the app for the launch gate. Then ${providerTitle(draft.provider)} builds it from source.`
              : "This server builds the app in a clean sandbox and uploads the output."}
          </span>
        </div>
      ) : (
        <p className="text-xs text-fg-2">This server builds the app in a clean sandbox. Your running app isn't affected.</p>
      )}
      {plan.services.map(({ container_id, name }) => (
        <p key={container_id} className="text-xs text-fg-2">
          The deployed app gets its own {name}. Its data is separate from the preview's.
        </p>
      ))}
      {plan.warnings.map((warning) => (
        <Banner key={warning} tone="warn" className="py-2!">
          {warning}
        </Banner>
      ))}
    </div>
  );
}
