import type { LibraryAgent, Model, Project } from "@tesslate/contract";
import { useState } from "react";
import { defaultFor, keepModelChoice, pickModel, readModelChoice } from "../../lib/model-choice.ts";
import { useHandler } from "../../lib/use-handler.ts";

export interface ModelChoice {
  /** What answers the next message; undefined until the models are known and nothing was chosen. */
  picked: string | undefined;
  /** What would answer if nobody had chosen. */
  defaultModel: string | undefined;
  choose: (model: string) => void;
}

/** Which model answers in this project; a choice is remembered by the browser, for the project. */
export function useModelChoice({
  project,
  agent,
  models,
  serverDefault,
}: {
  project: Project;
  agent: LibraryAgent | undefined;
  models: readonly Model[];
  serverDefault: string | null;
}): ModelChoice {
  const [chosen, setChosen] = useState(() => ({ projectId: project.id, model: readModelChoice(project.id) }));
  if (chosen.projectId !== project.id) setChosen({ projectId: project.id, model: readModelChoice(project.id) });
  const [last] = useState(() => readModelChoice());
  const defaultModel = defaultFor(models, { project, agent, last, server: serverDefault });
  return {
    picked: models.length === 0 ? chosen.model : pickModel(models, chosen.model, defaultModel ?? null),
    defaultModel,
    choose: useHandler((model: string) => {
      setChosen({ projectId: project.id, model });
      keepModelChoice(model, project.id);
    }),
  };
}
