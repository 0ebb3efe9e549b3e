import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { usableModels } from "../../lib/model-choice.ts";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toastError } from "../../ui/toast.tsx";
import { ConnectModelDialog } from "./ConnectModelDialog.tsx";
import { Fallbacks } from "./Fallbacks.tsx";
import { ModelList } from "./ModelList.tsx";
import { modelSetupQuery, modelsQuery, useConfigureModels, type ModelSetup } from "./models.queries.ts";
import { OwnKeys } from "./OwnKeys.tsx";

/** Providers, own keys, fallbacks, models and the scripted demo. */
export function ModelSettings() {
  const setup = useQuery(modelSetupQuery);
  const models = useQuery(modelsQuery);
  const configure = useConfigureModels();
  /** The provider to connect; `any` leaves the choice. */
  const [connecting, setConnecting] = useState<string>();
  if (setup.isPending) return <SkeletonRows count={6} label="Loading models…" />;
  if (setup.isError) return <LoadFailed title="Couldn't load models" of={setup} />;
  const { data } = setup;
  const usable = usableModels(models.data?.items ?? []);
  return (
    <>
      <SettingsSection
        id="model-providers"
        title="Providers"
        hint={
          data.can_configure
            ? "Keys are tested, then encrypted and saved on this server."
            : "An administrator of this server connects providers."
        }
        action={
          data.can_configure ? (
            <Button size="sm" onClick={() => setConnecting("any")}>
              Connect model
            </Button>
          ) : undefined
        }
      >
        <ul role="list" className="divide-y divide-line-0 rounded-3 border border-line-0">
          {data.providers.map((provider) => (
            <li
              key={provider.provider}
              className={cx(
                "relative flex items-center gap-2 px-3 py-2",
                data.can_configure && "first:rounded-t-3 last:rounded-b-3 hover:bg-bg-2",
              )}
            >
              <span className="min-w-0 flex-1">
                {data.can_configure ? (
                  <button
                    type="button"
                    aria-label={`Connect ${provider.name}`}
                    className="whole-row block font-medium text-fg-0"
                    onClick={() => setConnecting(provider.provider)}
                  >
                    {provider.name}
                  </button>
                ) : (
                  <span className="block font-medium text-fg-0">{provider.name}</span>
                )}
                <span className="block truncate text-xs text-fg-2">
                  {provider.provider === "ollama" && data.ollama ? data.ollama.base_url : provider.description}
                </span>
              </span>
              <ProviderPill provider={provider} ollama={data.ollama} />
              {data.can_configure ? <ChevronRight size={14} aria-hidden="true" className="flex-none text-fg-2" /> : null}
            </li>
          ))}
        </ul>
      </SettingsSection>
      <OwnKeys />
      {usable.length > 1 ? <Fallbacks models={usable} /> : null}
      <ModelList models={models.data?.items ?? []} defaultModel={models.data?.default ?? null} />
      {data.demo_available && data.can_configure ? (
        <SettingsSection id="scripted-demo" title="Scripted demo">
          <Switch
            isOn={data.demo}
            isDisabled={configure.isPending}
            label="Scripted replies"
            hint="No model is called and nothing leaves this machine. Every page shows a notice while the demo is on."
            onChange={(enabled) => configure.mutate({ kind: "demo", enabled }, { onError: (error) => toastError(error) })}
          />
        </SettingsSection>
      ) : null}
      {connecting === undefined ? null : (
        <ConnectModelDialog
          setup={data}
          provider={connecting === "any" ? undefined : connecting}
          isOpen
          onOpenChange={(isOpen) => (isOpen ? undefined : setConnecting(undefined))}
        />
      )}
    </>
  );
}

function ProviderPill({ provider, ollama }: { provider: ModelSetup["providers"][number]; ollama: ModelSetup["ollama"] }) {
  if (provider.provider === "ollama")
    return ollama ? <Pill tone="ok">Running, {counted(ollama.models.length, "model")}</Pill> : <Pill>Not found</Pill>;
  return provider.has_key ? <Pill tone="ok">Connected</Pill> : <Pill>No key</Pill>;
}
