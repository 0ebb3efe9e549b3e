import { Project, type ProjectEvent } from "@tesslate/contract";
import type { ComponentType } from "react";
import { DeploysContext, type Deploys } from "../features/deployments/deploys-context.ts";
import { emptyDraft } from "../features/deployments/draft.ts";
import { ProjectContext, type OpenProject } from "../project/project-context.ts";
import { readDuring } from "../project/project-events.ts";
import { WorkbenchActionsContext, type WorkbenchActions } from "../project/workbench-actions.ts";
import { sample } from "./sample.ts";

const nothing = () => undefined;

/** An open project around one of its views, without the workbench: its stream is open, and says what the test says. */
export function openPane(Pane: ComponentType, known: Partial<OpenProject & WorkbenchActions> & { deploys?: Partial<Deploys> } = {}) {
  const listeners = new Set<(event: ProjectEvent) => void>();
  const subscribe = (listener: (event: ProjectEvent) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const project = known.project ?? sample(Project, { name: "Alder Street Bakery", slug: "alder", environment_status: "active" });
  const refuse = () => Promise.reject(new Error("This test does not deploy."));
  const deploys: Deploys = {
    projectId: project.id,
    list: [],
    error: null,
    retry: nothing,
    isRetrying: false,
    currentStep: nothing,
    openForm: nothing,
    openDeployment: nothing,
    show: nothing,
    draft: emptyDraft,
    setDraft: nothing,
    start: refuse,
    requestOf: ({ project_id, provider }) => ({ request: { project_id, provider }, isWhole: true }),
    rollBack: refuse,
    promote: refuse,
    cancel: refuse,
    remove: refuse,
    openFile: nothing,
    showReview: nothing,
    compose: nothing,
    ...known.deploys,
  };
  const open: OpenProject = {
    project,
    containers: [],
    containersLoading: {
      isLoaded: true,
      error: null,
      refetch: () => Promise.reject(new Error("These containers are loaded.")),
      isFetching: false,
    },
    tasks: [],
    events: {
      state: "open",
      isSettled: true,
      during: (read, apply) => readDuring(subscribe, read, apply),
      subscribe,
    },
    runtime: {
      start: async () => undefined,
      stop: nothing,
      restart: nothing,
      restartContainer: nothing,
      retrySetup: nothing,
      isRetryingSetup: false,
      isStarting: false,
      isStopping: false,
    },
    ...known,
  };
  const actions: WorkbenchActions = {
    showChat: nothing,
    openChat: nothing,
    runOptions: () => ({ edit_mode: "ask" }),
    show: nothing,
    showDeployment: nothing,
    showReview: nothing,
    openFile: nothing,
    openDock: nothing,
    openLogs: nothing,
    compose: nothing,
    attach: nothing,
    ask: nothing,
    ...known,
  };
  return {
    element: (
      <ProjectContext value={open}>
        <WorkbenchActionsContext value={actions}>
          <DeploysContext value={deploys}>
            <Pane />
          </DeploysContext>
        </WorkbenchActionsContext>
      </ProjectContext>
    ),
    /** The project's stream. */
    emit: (event: ProjectEvent) => {
      for (const listener of listeners) listener(event);
    },
  };
}
