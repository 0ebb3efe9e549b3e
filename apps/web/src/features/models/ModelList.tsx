import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Model } from "@tesslate/contract";
import { useState } from "react";
import { api } from "../../api.ts";
import { counted } from "../../lib/counted.ts";
import { formatDuration } from "../../lib/durations.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { shortModelName } from "../../lib/model-choice.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { modelFacts } from "./model-facts.ts";
import { modelsQuery } from "./models.queries.ts";

/** Lists up to this length have no search field. */
const fewModels = 12;

/** All models, each with a switch and a test, and a form to add models that their provider does not list. */
export function ModelList({ models, defaultModel }: { models: readonly Model[]; defaultModel: string | null }) {
  const [query, setQuery] = useState("");
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = models.filter((model) => words.every((word) => `${model.id} ${model.provider_name ?? ""}`.toLowerCase().includes(word)));
  return (
    <SettingsSection id="models" title="Available models" hint="Models that you turn off don't appear in your menus.">
      {models.length > fewModels ? (
        <div className="mb-2">
          <Input
            type="search"
            aria-label="Search models"
            placeholder={`Search ${counted(models.length, "model")}`}
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        </div>
      ) : null}
      {models.length === 0 ? (
        <p className="text-fg-2">No models yet.</p>
      ) : found.length === 0 ? (
        <p className="text-fg-2">No results for “{query}”</p>
      ) : (
        <ul role="list" aria-label="Models" className="max-h-120 divide-y divide-line-0 overflow-y-auto rounded-3 border border-line-0">
          {found.map((model) => (
            <ModelRow key={model.id} model={model} isDefault={model.id === defaultModel} />
          ))}
        </ul>
      )}
      <AddModel />
    </SettingsSection>
  );
}

function ModelRow({ model, isDefault }: { model: Model; isDefault: boolean }) {
  const queries = useQueryClient();
  const complain = (error: unknown) => toastError(error);
  const again = () => queries.invalidateQueries({ queryKey: modelsQuery.queryKey });
  const offer = useMutation({
    mutationFn: (enabled: boolean) => api.modelKeys.setPreference({ body: { model_id: model.id, enabled } }),
    onSuccess: again,
    onError: complain,
  });
  const remove = useMutation({
    mutationFn: (id: string) => api.models.removeCustom({ params: { id } }),
    onSuccess: again,
    onError: complain,
  });
  const health = useMutation({ mutationFn: () => api.models.health({ body: { model: model.id } }) });
  const { custom_id } = model;
  const outcome = health.error
    ? { ok: false, text: sentenceOf(health.error) }
    : health.data && {
        ok: health.data.health === "healthy",
        text: health.data.latency_ms === null ? health.data.message : `Responded in ${formatDuration(health.data.latency_ms)}.`,
      };
  return (
    <li className="px-3 py-2">
      <div className="flex items-center gap-2">
        <span className="min-w-0 flex-1">
          <Switch
            isOn={offer.isPending ? offer.variables : !model.disabled}
            isDisabled={offer.isPending}
            label={<span className="font-mono text-xs break-all text-fg-0">{shortModelName(model.id)}</span>}
            hint={[model.provider_name ?? model.provider, ...modelFacts(model)].join(" · ")}
            onChange={(enabled) => offer.mutate(enabled)}
          />
        </span>
        {isDefault ? <Pill>Default</Pill> : null}
        <Button
          size="sm"
          variant="ghost"
          onClick={() => health.mutate()}
          isLoading={health.isPending}
          loadingWord="Testing…"
          aria-label={`Test ${shortModelName(model.id)}`}
        >
          Test
        </Button>
        {custom_id ? (
          <Button
            size="sm"
            variant="ghost"
            disabled={remove.isPending}
            onClick={() => remove.mutate(custom_id)}
            aria-label={`Remove ${shortModelName(model.id)}`}
          >
            Remove
          </Button>
        ) : null}
      </div>
      {outcome ? (
        <p role="status" className={outcome.ok ? "pt-1 text-xs text-ok" : "pt-1 text-xs text-err"}>
          {outcome.text}
        </p>
      ) : null}
    </li>
  );
}

/** Adds a model that its provider serves but does not list. */
function AddModel() {
  const queries = useQueryClient();
  const form = useForm({
    start: { model_id: "" },
    check: ({ model_id }) => ({
      ...(!/^[^/\s]+\/\S+$/.test(model_id.trim()) && { model_id: "Enter it as provider/model, for example openai/gpt-5.1." }),
    }),
    submit: async ({ model_id }) => {
      const model = await api.models.addCustom({ body: { model_id: model_id.trim() } });
      form.reset({ model_id: "" });
      toast(`${shortModelName(model.id)} added.`);
      await queries.invalidateQueries({ queryKey: modelsQuery.queryKey });
    },
    errorField: "model_id",
  });
  const error = form.errors.model_id;
  return (
    <form onSubmit={form.onSubmit} noValidate className="mt-3 flex items-end gap-2">
      <Field label="Unlisted model" error={error} className="min-w-0 flex-1">
        <Input {...form.text("model_id")} className="font-mono" autoComplete="off" placeholder="provider/model" />
      </Field>
      <Button
        type="submit"
        isLoading={form.isSubmitting}
        loadingWord="Adding…"
        disabled={form.values.model_id.trim() === ""}
        className={error ? "mb-6" : undefined}
      >
        Add model
      </Button>
    </form>
  );
}
