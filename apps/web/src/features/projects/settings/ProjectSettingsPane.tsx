import { useContainers, useProject, useRuntime, useFileTree } from "../../../project/project-context.ts";
import { scrollable } from "../../../ui/scrollable.ts";
import { SettingsSection } from "../../../ui/SettingsSection.tsx";
import { AgentContextSections } from "../../agents/index.ts";
import { BranchesSection } from "../../branches/index.ts";
import { ContainerSettings } from "../../containers/index.ts";
import { Connectors } from "../../mcp/index.ts";
import { exampleFile, SecretsSection } from "../../secrets/index.ts";
import { AgentSection } from "./AgentSection.tsx";
import { DangerSection } from "./DangerSection.tsx";
import { GeneralSection } from "./GeneralSection.tsx";

/** The project's settings. */
export function ProjectSettingsPane() {
  const project = useProject();
  const containers = useContainers();
  const actions = useRuntime();
  const tree = useFileTree().data;
  return (
    <div {...scrollable} aria-label="Project settings" className="scroll-y min-h-0 flex-1">
      <div className="mx-auto max-w-180 px-6 pt-6 pb-10 narrow:px-4">
        <h1 className="mb-6 text-xl">Settings</h1>
        <GeneralSection project={project} />
        <SecretsSection
          projectId={project.id}
          containers={containers}
          exampleEtag={tree?.nodes.get(exampleFile)?.etag}
          onRestart={actions.restart}
          isRestarting={actions.isStarting}
        />
        <Connectors
          place={project.id}
          id="project-connectors"
          title="Connectors"
          hint="MCP servers whose tools the agent can use in this project, in addition to those of your account."
        />
        <SettingsSection
          id="project-containers"
          title="Containers"
          hint="Environment variables and port of each container. Changes apply on the next start."
        >
          {containers.length === 0 ? (
            <p className="text-sm text-fg-2">No containers yet</p>
          ) : (
            <div className="grid gap-3">
              {containers.map((container) => (
                <ContainerSettings key={container.id} projectId={project.id} container={container} />
              ))}
            </div>
          )}
        </SettingsSection>
        <AgentSection project={project} />
        <BranchesSection />
        <AgentContextSections projectId={project.id} />
        <DangerSection project={project} />
      </div>
    </div>
  );
}
