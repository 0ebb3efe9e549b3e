import { createContext, use } from "react";
import type { Deployment, DeploymentRequest, LaunchCheck } from "@tesslate/contract";
import type { ShownStep } from "../../project/deployment-steps.ts";
import type { Draft } from "./draft.ts";

/** What the drawer shows: the form, or one deployment. */
export type DrawerSubject = { kind: "form" } | { kind: "deployment"; id: string };

/** The project's deployments and the actions on them. */
export interface Deploys {
  projectId: string;
  /** Newest first; undefined while loading. */
  list: readonly Deployment[] | undefined;
  error: unknown;
  retry: () => void;
  isRetrying: boolean;
  /** The step that started last, where an event named it. */
  currentStep: (id: string) => ShownStep | undefined;
  /** Opens the drawer with the form; earlier input is kept. */
  openForm: (preset?: Partial<Draft>) => void;
  openDeployment: (id: string) => void;
  /** The view of all deployments with this one open; undefined is none. */
  show: (id: string | undefined) => void;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  /** Rejects with the server's error. */
  start: (request: DeploymentRequest) => Promise<Deployment>;
  /** The request as sent from this page; otherwise what is known of it, without entered variables. */
  requestOf: (deployment: Deployment) => { request: DeploymentRequest; isWhole: boolean };
  rollBack: (deployment: Deployment) => Promise<Deployment>;
  /** Makes a preview live after the launch gate, in which these checks do not block. */
  promote: (deployment: Deployment, ignoredChecks: readonly LaunchCheck[]) => Promise<Deployment>;
  cancel: (deployment: Deployment) => Promise<void>;
  /** `atProvider`: whether it is deleted there too; undefined is the default of the server. */
  remove: (deployment: Deployment, atProvider: boolean | undefined) => Promise<void>;
  openFile: (place: string) => void;
  /** Shows the review of a run. */
  showReview: (taskId: string) => void;
  /** Puts text into the composer, for the person to send. */
  compose: (text: string) => void;
}

export const DeploysContext = createContext<Deploys | undefined>(undefined);
export function useDeploys(): Deploys {
  const deploys = use(DeploysContext);
  if (!deploys) throw new Error("useDeploys must be used inside DeploysProvider.");
  return deploys;
}
