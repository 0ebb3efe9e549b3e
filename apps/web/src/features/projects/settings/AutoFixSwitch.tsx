import type { Project } from "@tesslate/contract";
import { isAutoFixOn } from "@tesslate/contract/project-settings";
import { Switch } from "../../../ui/Switch.tsx";
import { useProjectSetting } from "./use-project-setting.ts";

/** Whether errors of the running app are sent to the agent automatically. */
export function AutoFixSwitch({ project, hint }: { project: Project; hint?: string }) {
  const setting = useProjectSetting(project);
  return (
    <Switch
      isOn={isAutoFixOn(project.settings)}
      onChange={(isOn) => setting.mutate({ auto_fix: isOn })}
      label="Fix errors automatically"
      {...(hint && { hint })}
    />
  );
}
