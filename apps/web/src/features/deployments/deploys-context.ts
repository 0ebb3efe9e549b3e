import { createContext, use } from "react";
import type { Deployment, DeploymentRequest, LaunchRule } from "@tesslate/contract";
import type { ShownStep } from "../../project/deployment-steps.ts";
import type { Draft } from "./draft.ts";

/** What the drawer shows: the form, or one deployment. */
export type DrawerSubject = { kind: "form" } | { kind: "deployment"; id: string };

/** The project's deployments and what a person may do about them, wherever they are shown. */
export interface Deploys {
  projectId: string;
  /** Newest first; undefined while they are not read. */
  list: readonly Deployment[] | undefined;
  error: unknown;
  retry: () => void;
  isRetrying: boolean;
  /** Which step it has come to, where an event has told. */
  begunOf: (id: string) => ShownStep | undefined;
  /** Opens the drawer with the form; what was typed before is still there. */
  openForm: (preset?: Partial<Draft>) => void;
  openDeployment: (id: string) => void;
  /** The view of all deployments with this one open; undefined is none. */
  show: (id: string | undefined) => void;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  /** Sends it; rejects with the server's word. */
  start: (request: DeploymentRequest) => Promise<Deployment>;
  /** As it was sent, where it was sent from this page; else what is known of it, without variables that were typed in. */
  requestOf: (deployment: Deployment) => { request: DeploymentRequest; isWhole: boolean };
  rollBack: (deployment: Deployment) => Promise<Deployment>;
  /** Makes a preview what visitors see; it passes the launch gate anew, where these rules shall not block. */
  promote: (deployment: Deployment, ignoredRules: readonly LaunchRule[]) => Promise<Deployment>;
  cancel: (deployment: Deployment) => Promise<void>;
  remove: (deployment: Deployment, atProvider: boolean) => Promise<void>;
  openFile: (place: string) => void;
  /** Puts text into the composer, for the person to send. */
  compose: (text: string) => void;
}

export const DeploysContext = createContext<Deploys | undefined>(undefined);
export function useDeploys(): Deploys {
  const deploys = use(DeploysContext);
  if (!deploys) throw new Error("useDeploys needs an open project around it.");
  return deploys;
}
