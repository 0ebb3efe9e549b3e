import type { Model } from "@tesslate/contract";
import { isString, readStored, writeStored } from "../../lib/storage.ts";

const key = "tesslate.model";

/** The last part of a model's id, as people say it: `ollama/qwen3:8b` is `qwen3:8b`. */
export const shortModelName = (id: string): string => id.slice(id.lastIndexOf("/") + 1) || id;

export const usableModels = (models: readonly Model[]): Model[] => models.filter((model) => model.available && !model.disabled);

/** The model to use: the one chosen last while it is still there, else the server's default, else the first. */
export function pickModel(models: readonly Model[], chosen: string | undefined, fallback: string | null): string | undefined {
  const usable = usableModels(models);
  return usable.find((model) => model.id === chosen)?.id ?? usable.find((model) => model.id === fallback)?.id ?? usable[0]?.id;
}

export const readModelChoice = (): string | undefined => readStored(localStorage, key, isString);
export const keepModelChoice = (id: string): void => writeStored(localStorage, key, id);
