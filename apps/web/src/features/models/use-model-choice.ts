import type { LibraryAgent, Model, Project } from "@tesslate/contract";
import { useState } from "react";
import { defaultFor, keepModelChoice, pickModel, readModelChoice } from "../../lib/model-choice.ts";
import { useHandler } from "../../lib/use-handler.ts";

export interface ModelChoice {
  /** The model of the next message. Undefined until the models are loaded, if none was selected. */
  picked: string | undefined;
  /** The model that answers if none is selected. */
  defaultModel: string | undefined;
  choose: (model: string) => void;
}

/** The model that answers in this project. A selection is stored in the browser, per project. */
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
