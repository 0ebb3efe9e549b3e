import { useQuery } from "@tanstack/react-query";
import { ArrowUp, Plus, X } from "lucide-react";
import type { Model } from "@tesslate/contract";
import { shortModelName } from "../../lib/model-choice.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { toastError } from "../../ui/toast.tsx";
import { modelFacts } from "./model-facts.ts";
import { modelPreferencesQuery, useSetModelPreferences } from "./preferences.queries.ts";

/** Models that replace an overloaded model, in order. */
export function Fallbacks({ models }: { models: readonly Model[] }) {
  const preferences = useQuery(modelPreferencesQuery(useServices().api));
  const setting = useSetModelPreferences();
  const save = (fallback_models: string[]) => setting.mutate({ fallback_models }, { onError: (error) => toastError(error) });
  const named = preferences.data?.fallback_models ?? [];
  const others = models.filter((model) => !named.includes(model.id));
  const isLocked = setting.isPending || !preferences.data;
  return (
    <SettingsSection
      id="fallbacks"
      title="Fallback models"
      hint="If a model is overloaded, the run continues with the first available model here. Invalid keys never cause a switch."
      action={
        others.length > 0 ? (
          <Menu
            label="Add fallback model"
            align="end"
            entries={others.map((model) => ({
              label: shortModelName(model.id),
              hint: [model.provider_name ?? model.provider, ...modelFacts(model)].join(" · "),
              onSelect: () => save([...named, model.id]),
            }))}
            trigger={
              <Button size="sm" disabled={isLocked || named.length >= 10}>
                <Plus size={13} />
                Add
              </Button>
            }
          />
        ) : undefined
      }
    >
      {named.length === 0 ? (
        <p className="text-fg-2">
          {preferences.data?.fallback_models === null
            ? "You have no fallback models. The server's list is used, if it has one."
            : "No fallback models. The run waits and retries."}
        </p>
      ) : (
        <ol role="list" className="divide-y divide-line-0 rounded-3 border border-line-0">
          {named.map((id, index) => (
            <li key={id} className="flex items-center gap-2 px-3 py-1.5">
              <span className="num w-4 flex-none text-xs text-fg-3">{index + 1}</span>
              <span className="min-w-0 flex-1 truncate font-mono text-xs text-fg-0">{id}</span>
              {index > 0 ? (
                <IconButton
                  size="sm"
                  label={`Move ${shortModelName(id)} up`}
                  disabled={isLocked}
                  onClick={() => save(named.with(index - 1, id).with(index, named[index - 1] ?? id))}
                >
                  <ArrowUp size={13} />
                </IconButton>
              ) : null}
              <IconButton
                size="sm"
                label={`Remove ${shortModelName(id)}`}
                disabled={isLocked}
                onClick={() => save(named.filter((other) => other !== id))}
              >
                <X size={13} />
              </IconButton>
            </li>
          ))}
        </ol>
      )}
    </SettingsSection>
  );
}
