import { Link } from "@tanstack/react-router";
import { Plug } from "lucide-react";
import { Suspense, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { shortModelName } from "../../lib/model-choice.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { toastError } from "../../ui/toast.tsx";
import { useConfigureModels, type ModelSetup } from "./models.queries.ts";
import { ConnectModelDialog } from "./on-demand.ts";

/**
 * In the composer while no model is connected. Offers a local Ollama or the scripted demo with one click, and the form
 * for everything else. `isSubmitted`: the prompt waits for a model to run.
 */
export function ModelNotice({ setup, isSubmitted = false }: { setup: ModelSetup; isSubmitted?: boolean }) {
  const [isOpen, setIsOpen] = useState(false);
  const configure = useConfigureModels();
  const ollamaModel = setup.ollama?.models[0];
  const complain = (error: unknown) => toastError(error);

  return (
    <>
      <Plug className="flex-none text-fg-3" />
      <span className="min-w-0 flex-1 basis-60">
        No model is connected.{" "}
        <span role="status" className="text-fg-0">
          {isSubmitted ? "Your prompt is saved and runs as soon as one is. " : ""}
        </span>
        <span className="text-fg-2">
          {!setup.can_configure
            ? "Ask an administrator of this server to connect one, or add your own key."
            : setup.ollama && ollamaModel
              ? `Ollama is running at ${setup.ollama.base_url.replace(/^https?:\/\//, "")} with ${counted(setup.ollama.models.length, "model")}.`
              : setup.demo_available
                ? "Add a provider's API key, or try the scripted demo."
                : "Add a provider's API key to start."}
        </span>
      </span>
      {setup.can_configure ? (
        <span className="flex flex-wrap gap-2">
          {setup.ollama && ollamaModel ? (
            <Button
              size="sm"
              variant="primary"
              isLoading={configure.isPending}
              loadingWord="Connecting…"
              onClick={() =>
                configure.mutate(
                  {
                    kind: "provider",
                    provider: "ollama",
                    base_url: setup.ollama?.base_url ?? null,
                    default_model: withProvider("ollama", ollamaModel),
                  },
                  { onError: complain },
                )
              }
            >
              Use {shortModelName(ollamaModel)}
            </Button>
          ) : (
            <Button size="sm" variant="primary" onClick={() => setIsOpen(true)}>
              Connect model
            </Button>
          )}
          {setup.ollama && ollamaModel ? (
            <Button size="sm" onClick={() => setIsOpen(true)}>
              Other model…
            </Button>
          ) : setup.demo_available ? (
            <Button
              size="sm"
              isLoading={configure.isPending}
              loadingWord="Switching…"
              onClick={() => configure.mutate({ kind: "demo", enabled: true }, { onError: complain })}
            >
              Use demo
            </Button>
          ) : null}
        </span>
      ) : (
        <Link to="/settings/models" className={buttonClass({ size: "sm", variant: "primary" })}>
          Add your own key
        </Link>
      )}
      {isOpen ? (
        <Suspense fallback={null}>
          <ConnectModelDialog setup={setup} isOpen onOpenChange={setIsOpen} />
        </Suspense>
      ) : null}
    </>
  );
}

/** Model ids are `provider/model`. */
export const withProvider = (provider: string, model: string): string =>
  model.startsWith(`${provider}/`) ? model : `${provider}/${model}`;
