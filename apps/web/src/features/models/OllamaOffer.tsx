import { CircleCheck } from "lucide-react";
import { shortModelName } from "../../lib/model-choice.ts";
import { Button } from "../../ui/Button.tsx";
import { toast } from "../../ui/toast.tsx";
import { withProvider } from "./ModelNotice.tsx";
import { useConfigureModels, type ModelSetup } from "./models.queries.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** An Ollama that runs on the server's machine: each of its models connects with one click. */
export function OllamaOffer({ ollama, onDone }: { ollama: NonNullable<ModelSetup["ollama"]>; onDone: () => void }) {
  const configure = useConfigureModels();
  const chosen = configure.isPending && configure.variables.kind === "provider" ? configure.variables.default_model : undefined;
  const use = (model: string) => {
    const default_model = withProvider("ollama", model);
    configure.mutate(
      { kind: "provider", provider: "ollama", base_url: ollama.base_url, default_model },
      {
        onSuccess: () => {
          toast(`Model connected. ${shortModelName(default_model)} is the default.`);
          onDone();
        },
      },
    );
  };
  return (
    <section aria-label="Ollama" className="mb-4 rounded-3 border border-line-1 p-3">
      <p className="flex items-start gap-2 text-sm font-medium text-fg-0">
        <CircleCheck size={14} className="mt-0.75 flex-none text-ok" />
        <span>
          Ollama is running on this server
          <span className="font-regular text-fg-2">, at {ollama.base_url.replace(/^https?:\/\//, "").replace(/\/v\d+$/, "")}</span>
        </span>
      </p>
      {ollama.models.length > 0 ? (
        <ul role="list" aria-label="Models of Ollama" className="mt-2.5 flex max-h-40 flex-wrap gap-1.5 scroll-y">
          {ollama.models.map((model) => (
            <li key={model} className="min-w-0">
              <Button
                size="sm"
                className="max-w-full font-mono"
                aria-label={`Use ${model}`}
                isLoading={chosen === withProvider("ollama", model)}
                loadingWord="Testing…"
                disabled={configure.isPending}
                onClick={() => use(model)}
              >
                <span className="truncate">{model}</span>
              </Button>
            </li>
          ))}
        </ul>
      ) : (
        <p className="mt-1 text-xs text-fg-2">
          It has no models yet. Run <code className="font-mono">ollama pull</code> with the name of a model, then reload this page.
        </p>
      )}
      {configure.error ? (
        <p role="alert" className="mt-2 text-xs text-err">
          <ErrorSentence of={configure.error} />
        </p>
      ) : null}
    </section>
  );
}
