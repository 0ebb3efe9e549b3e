import { useQuery } from "@tanstack/react-query";
import type { Project } from "@tesslate/contract";
import { sentenceOf } from "../../../lib/errors.ts";
import { modelOfProject, shortModelName, usableModels } from "../../../lib/model-choice.ts";
import { Field } from "../../../ui/Field.tsx";
import { SegmentedControl } from "../../../ui/SegmentedControl.tsx";
import { Select } from "../../../ui/Select.tsx";
import { SettingsSection } from "../../../ui/SettingsSection.tsx";
import { modelFacts, modelsQuery } from "../../models/index.ts";
import { AutoFixSwitch } from "./AutoFixSwitch.tsx";
import { useProjectSetting } from "./use-project-setting.ts";

const checkModes = [
  { value: "off", label: "Off" },
  { value: "after", label: "After" },
  { value: "both", label: "Before and after" },
] as const;
type CheckMode = (typeof checkModes)[number]["value"];
const hints: Record<CheckMode, string> = {
  off: "The agent runs them when it wants to.",
  after: "Run once more when a turn changed files.",
  both: "Run before the turn too, so that what it broke shows. Turns take longer.",
};

/** No model has such an id: they are `provider/model`. */
const noModel = "none";

/** What answers in this project unless another one is chosen for a message. */
function ModelField({ project }: { project: Project }) {
  const setting = useProjectSetting(project);
  const models = useQuery(modelsQuery);
  const own = modelOfProject(project);
  const usable = usableModels(models.data?.items ?? []);
  const isGone = own !== null && models.data !== undefined && usable.every((model) => model.id !== own);
  const options = [
    { value: noModel, label: "None of its own", hint: "The agent's, else the one you chose last, else the server's" },
    ...(own !== null && usable.every((model) => model.id !== own)
      ? [{ value: own, label: shortModelName(own), hint: isGone ? `${own}, which cannot be used now` : own }]
      : []),
    ...usable.map((model) => ({
      value: model.id,
      label: shortModelName(model.id),
      hint: [model.provider_name ?? model.provider, ...modelFacts(model)].join(" · "),
    })),
  ];
  return (
    <Field
      label="Model"
      hint="Answers in this project unless another one is chosen for a message."
      error={
        models.isError
          ? `The models could not be loaded. ${sentenceOf(models.error)}`
          : isGone
            ? `${own} cannot be used now: it is not connected, or hidden. Another one answers meanwhile.`
            : undefined
      }
    >
      <Select
        value={own ?? noModel}
        onChange={(value) => setting.mutate({ model: value === noModel ? null : value })}
        options={options}
        isDisabled={setting.isPending}
        className="max-w-80"
      />
    </Field>
  );
}

/** How the agent proves and repairs its work in this project. */
export function AgentSection({ project }: { project: Project }) {
  const setting = useProjectSetting(project);
  const wish = project.settings?.["agent_checks"];
  const mode: CheckMode = wish === "after" || wish === "both" ? wish : "off";
  return (
    <SettingsSection title="Agent">
      <div className="grid gap-4 text-sm">
        <ModelField project={project} />
        <div className="grid justify-items-start gap-1.5">
          <p className="text-fg-0">Checks around a turn</p>
          <SegmentedControl
            label="Checks around a turn"
            value={mode}
            onChange={(value) => setting.mutate({ agent_checks: value })}
            segments={checkModes}
          />
          <p className="text-xs text-fg-2">Types, lint and tests of the project. {hints[mode]}</p>
        </div>
        <AutoFixSwitch
          project={project}
          hint="After a turn the agent is given the errors that the running app reports, at most twice per message."
        />
      </div>
    </SettingsSection>
  );
}
