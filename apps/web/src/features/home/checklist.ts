import type { Project, ProjectHistory } from "@tesslate/contract";

export interface Step {
  id: "model" | "project" | "preview" | "deploy" | "invite";
  title: string;
  isDone: boolean;
  /** What the step does, or what is missing. */
  why: string;
}
export interface Facts {
  isModelConfigured: boolean;
  /** Replies are scripted. */
  isDemo: boolean;
  /** The recent projects. */
  projects: readonly Pick<Project, "id" | "status" | "stop_reason" | "thumbnail">[];
  histories: ReadonlyMap<string, Pick<ProjectHistory, "live_version">>;
  /** Visits by the person's referral link. */
  inviteVisits: number;
}

/** A project whose app has run was seen in the preview, which the project opens with. */
const hasRun = ({ status, stop_reason, thumbnail }: Facts["projects"][number]): boolean =>
  status === "running" || status === "partial" || stop_reason !== null || thumbnail !== null;

/** The steps from a new account to an app that others use. */
export function checklist({ isModelConfigured, isDemo, projects, histories, inviteVisits }: Facts): Step[] {
  return [
    {
      id: "model",
      title: "Connect a model",
      isDone: isModelConfigured && !isDemo,
      why: isDemo
        ? "Replies are scripted. Connect a provider or a local model to get real ones."
        : "Add an API key of a provider, or a local model. It is verified before it is saved.",
    },
    { id: "project", title: "Describe an app", isDone: projects.length > 0, why: "Write above what you want to build, then click Build." },
    {
      id: "preview",
      title: "Open the preview",
      isDone: projects.some(hasRun),
      why: "The app runs next to the chat and updates while the agent works.",
    },
    {
      id: "deploy",
      title: "Deploy",
      isDone: projects.some(({ id }) => (histories.get(id)?.live_version ?? null) !== null),
      why: "The app gets its own URL, on this server or at a provider.",
    },
    {
      id: "invite",
      title: "Invite someone",
      isDone: inviteVisits > 0,
      why: "Send your invitation link to people who want to build, too.",
    },
  ];
}
