import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Project } from "@tesslate/contract";
import { sentenceOf } from "../../../lib/errors.ts";
import { SegmentedControl } from "../../../ui/SegmentedControl.tsx";
import { Switch } from "../../../ui/Switch.tsx";
import { toast } from "../../../ui/toast.tsx";
import { SettingsSection } from "../../settings/SettingsSection.tsx";
import { useServices } from "../../workbench/services.ts";
import { projectKey } from "../../workbench/workbench.queries.ts";

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

/** Changes one setting of the project; shown at once, taken back when the server refuses. */
function useProjectSetting(project: Project) {
  const { api } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (settings: Record<string, unknown>) => api.projects.update({ params: { id: project.id }, body: { settings } }),
    onMutate: (settings) => {
      const before = queries.getQueryData<Project>(projectKey(project.slug));
      if (before) queries.setQueryData(projectKey(project.slug), { ...before, settings: { ...before.settings, ...settings } });
      return { before };
    },
    onSuccess: (saved) => queries.setQueryData(projectKey(project.slug), saved),
    onError: (error, _settings, context) => {
      if (context?.before) queries.setQueryData(projectKey(project.slug), context.before);
      toast(sentenceOf(error));
    },
  });
}

/** The agent fixes what the running app reports, without being asked. */
export function AutoFixSwitch({ project, hint }: { project: Project; hint?: string }) {
  const setting = useProjectSetting(project);
  return (
    <Switch
      isOn={project.settings?.["auto_fix"] === true}
      onChange={(isOn) => setting.mutate({ auto_fix: isOn })}
      label="Fix errors automatically"
      {...(hint && { hint })}
    />
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
