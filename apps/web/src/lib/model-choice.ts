import type { LibraryAgent, Model, Project } from "@tesslate/contract";
import { isString, readStored, writeStored } from "./storage.ts";

const lastKey = "tesslate.model";
const hereKey = (projectId: string) => `studio:model:${projectId}`;

/** The last part of a model's id, as people say it: `ollama/qwen3:8b` is `qwen3:8b`. */
export const shortModelName = (id: string): string => id.slice(id.lastIndexOf("/") + 1) || id;

export const usableModels = (models: readonly Model[]): Model[] => models.filter((model) => model.available && !model.disabled);

/** The model to use: the one chosen while it is still there, else the default, else the first. */
export function pickModel(models: readonly Model[], chosen: string | undefined, fallback: string | null): string | undefined {
  const usable = usableModels(models);
  return usable.find((model) => model.id === chosen)?.id ?? usable.find((model) => model.id === fallback)?.id ?? usable[0]?.id;
}

/** The model that a project's settings name; null: none of its own. */
export const modelOfProject = ({ settings }: Pick<Project, "settings">): string | null => {
  const model = settings?.["model"];
  return typeof model === "string" ? model : null;
};

/** What answers where nobody chose in this project: its own model, the agent's, the one chosen last anywhere, the server's. Undefined: none of them can be used. */
export function defaultFor(
  models: readonly Model[],
  from: {
    project: Pick<Project, "settings">;
    agent: Pick<LibraryAgent, "model" | "selected_model"> | undefined;
    last: string | undefined;
    server: string | null;
  },
): string | undefined {
  const usable = new Set(usableModels(models).map((model) => model.id));
  const wished = [modelOfProject(from.project), from.agent?.selected_model, from.agent?.model, from.last, from.server];
  return wished.find((id): id is string => typeof id === "string" && usable.has(id));
}

/** Chosen last in this project; without one, chosen last anywhere. */
export const readModelChoice = (projectId?: string): string | undefined =>
  readStored(localStorage, projectId === undefined ? lastKey : hereKey(projectId), isString);
export function keepModelChoice(id: string, projectId?: string): void {
  writeStored(localStorage, lastKey, id);
  if (projectId !== undefined) writeStored(localStorage, hereKey(projectId), id);
}
