import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChevronDown } from "lucide-react";
import type { Model } from "@tesslate/contract";
import { pickModel, shortModelName, usableModels } from "../../lib/model-choice.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { modelFacts } from "./model-facts.ts";
import { modelsQuery } from "./models.queries.ts";

/** Selects the model, with its price, speed and abilities. */
export function ModelMenu({
  models,
  defaultModel,
  model,
  onModel,
}: {
  models: readonly Model[];
  defaultModel: string | undefined;
  model: string | undefined;
  onModel: (model: string) => void;
}) {
  const queryClient = useQueryClient();
  const { api } = useServices();
  const trial = useMutation({
    mutationFn: (id: string) => api.models.probe({ body: { model: id } }),
    onSuccess: (found) => {
      toast(probeText(shortModelName(found.model), found.tools, found.score));
      return queryClient.invalidateQueries({ queryKey: modelsQuery.queryKey });
    },
    onError: (error) => toastError(error),
  });
  const usable = usableModels(models);
  const picked = pickModel(models, model, defaultModel ?? null);
  if (!picked) return null;
  return (
    <Menu
      label="Model"
      side="top"
      choice={{
        value: picked,
        onChange: onModel,
        options: usable.map((candidate) => ({
          value: candidate.id,
          label: shortModelName(candidate.id),
          hint: [
            `${candidate.provider_name ?? candidate.provider}${candidate.id === defaultModel ? ", default" : ""}`,
            ...modelFacts(candidate),
          ].join(" · "),
        })),
      }}
      entries={[
        {
          label: trial.isPending ? "Testing model…" : `Test ${shortModelName(picked)}`,
          hint: "Sends a few short requests to test how well it uses tools.",
          isDisabled: trial.isPending,
          onSelect: () => trial.mutate(picked),
        },
      ]}
      trigger={
        <Button
          size="sm"
          variant="ghost"
          aria-label={`Model: ${shortModelName(picked)}`}
          className="min-w-16 shrink! text-fg-2 tight:min-w-10"
        >
          <span className="truncate">{shortModelName(picked)}</span>
          <ChevronDown size={14} className="flex-none text-fg-3 narrow:hidden tight:hidden" />
        </Button>
      }
    />
  );
}

function probeText(model: string, tools: "native" | "text" | "none", score: number): string {
  if (tools === "native") return `${model} supports tool calls. Score: ${score} of 100.`;
  if (tools === "text") return `${model} calls tools as text. Score: ${score} of 100.`;
  return `${model} couldn't call a tool. Score: ${score} of 100.`;
}
