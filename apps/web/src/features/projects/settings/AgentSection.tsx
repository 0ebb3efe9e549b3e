import { useQuery } from "@tanstack/react-query";
import type { Project, Workspace } from "@tesslate/contract";
import { areDatabasesSavedWithRuns, isDiagnosticsOn, parallelRunsOf, parallelRunsSetting } from "@tesslate/contract/project-settings";
import { sentenceOf } from "../../../lib/errors.ts";
import { modelOfProject, shortModelName, usableModels } from "../../../lib/model-choice.ts";
import { Field } from "../../../ui/Field.tsx";
import { SegmentedControl } from "../../../ui/SegmentedControl.tsx";
import { Select } from "../../../ui/Select.tsx";
import { SettingsSection } from "../../../ui/SettingsSection.tsx";
import { Switch } from "../../../ui/Switch.tsx";
import { modelFacts, modelsQuery } from "../../models/index.ts";
import { AutoFixSwitch } from "./AutoFixSwitch.tsx";
import { useProjectSetting } from "./use-project-setting.ts";

const checkModes = [
  { value: "off", label: "Off" },
  { value: "after", label: "After runs" },
  { value: "both", label: "Before and after" },
] as const;
type CheckMode = (typeof checkModes)[number]["value"];
const hints: Record<CheckMode, string> = {
  off: "The agent decides when to run type checks, the linter and tests.",
  after: "Type checks, the linter and tests run after each run that changed files.",
  both: "Type checks, the linter and tests run before and after each run to show what changed. Runs take longer.",
};

/** Not the ID of a model: those are `provider/model`. */
const noModel = "none";

/** The project's model; another one can be selected for a message. */
function ModelField({ project }: { project: Project }) {
  const setting = useProjectSetting(project);
  const models = useQuery(modelsQuery);
  const own = modelOfProject(project);
  const usable = usableModels(models.data?.items ?? []);
  const isGone = own !== null && models.data !== undefined && usable.every((model) => model.id !== own);
  const options = [
    { value: noModel, label: "Default", hint: "The agent's model, your last used model, or the server's default" },
    ...(own !== null && usable.every((model) => model.id !== own)
      ? [{ value: own, label: shortModelName(own), hint: isGone ? `${own} (unavailable)` : own }]
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
      hint="Used in this project unless you select another model for a message."
      error={
        models.isError
          ? `Couldn't load models. ${sentenceOf(models.error)}`
          : isGone
            ? `${own} is hidden or not connected. Another model is used instead.`
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

const parallelRuns: readonly { value: Workspace; label: string; hint: string }[] = [
  { value: "ask", label: "Ask", hint: "You choose before the message is sent" },
  { value: "branch", label: "Work on a branch", hint: "In a copy of the project, merged when you have reviewed it" },
  { value: "wait", label: "Wait", hint: "The message is sent when the other run ends" },
  { value: "project", label: "Same files", hint: "Both runs change the same files" },
];

/** Where a run works while another one changes the project. */
function ParallelRunsField({ project }: { project: Project }) {
  const setting = useProjectSetting(project);
  return (
    <Field label="Parallel runs" hint="Where a run works while a run of another chat is changing this project.">
      <Select
        value={parallelRunsOf(project.settings)}
        onChange={(value) => setting.mutate({ [parallelRunsSetting]: value })}
        options={parallelRuns}
        isDisabled={setting.isPending}
        className="max-w-80"
      />
    </Field>
  );
}

/** The agent's settings in this project: model, checks after runs and after edits, parallel runs, automatic fixes. */
export function AgentSection({ project }: { project: Project }) {
  const setting = useProjectSetting(project);
  const checks = project.settings?.["agent_checks"];
  const mode: CheckMode = checks === "after" || checks === "both" ? checks : "off";
  return (
    <SettingsSection id="project-agent" title="Agent">
      <div className="grid gap-4 text-sm">
        <ModelField project={project} />
        <div className="grid justify-items-start gap-1.5">
          <p className="text-fg-0">Automatic checks</p>
          <SegmentedControl
            label="Automatic checks"
            value={mode}
            onChange={(value) => setting.mutate({ agent_checks: value })}
            segments={checkModes}
          />
          <p className="text-xs text-fg-2">{hints[mode]}</p>
        </div>
        <Switch
          isOn={isDiagnosticsOn(project.settings)}
          onChange={(isOn) => setting.mutate({ agent_diagnostics: isOn })}
          label="Check files after edits"
          hint="After each batch of edits, the agent sees new errors from the project's own type checker and linter. Turn this off if they are slow."
        />
        <Switch
          isOn={areDatabasesSavedWithRuns(project.settings)}
          onChange={(isOn) => setting.mutate({ save_databases: isOn })}
          label="Save databases with each run"
          hint="Before a run changes anything, the rows of running PostgreSQL databases are saved, so that undoing the run can restore them. The run waits for it, at most half a minute. Only the latest are kept."
        />
        <ParallelRunsField project={project} />
        <AutoFixSwitch
          project={project}
          hint="After a run, errors and crashes of the running app are sent to the agent, at most twice per message."
        />
      </div>
    </SettingsSection>
  );
}
