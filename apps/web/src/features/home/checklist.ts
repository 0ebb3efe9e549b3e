import type { PublicConfig } from "@tesslate/contract";

export interface Step {
  id: "model" | "project" | "isolation" | "mail" | "address";
  title: string;
  isDone: boolean;
  /** What it is about, or what is missing. */
  why: string;
}
export interface Facts {
  config: PublicConfig;
  isModelConfigured: boolean;
  hasProject: boolean;
  isAdministrator: boolean;
}

const isLocal = (host: string) => /^(localhost|127\.|\[?::1)|\.localhost$/.test(host);
const isolations: Record<PublicConfig["isolation"], string> = {
  full: "Each project has a user, a network and limits of its own.",
  "no-netns": "Projects have users and limits of their own, and share the network of this machine.",
  process: "Projects are plain processes of this machine's user: only for people you trust.",
  none: "Nothing of a project can run here.",
};

/** What stands between a new installation, or a new person, and the first app. The operator's part is for administrators alone. */
export function checklist({ config, isModelConfigured, hasProject, isAdministrator }: Facts): Step[] {
  const own: Step[] = [
    {
      id: "model",
      title: "Connect a model",
      isDone: isModelConfigured && !config.demo,
      why: config.demo
        ? "Replies come from a script now. A key of a provider, or a local model, makes them real."
        : "A key of a provider, or a local model; it is tried out before it is kept.",
    },
    { id: "project", title: "Make the first project", isDone: hasProject, why: "Say above what it should do, and send it." },
  ];
  if (!isAdministrator) return own;
  return [
    ...own,
    {
      id: "isolation",
      title: "Keep projects apart",
      isDone: config.isolation === "full" && config.isolation_warnings.length === 0,
      why: [isolations[config.isolation], ...config.isolation_warnings].join(" "),
    },
    {
      id: "mail",
      title: "Send mail",
      isDone: config.features.smtp,
      why: config.features.smtp
        ? "Forgotten passwords and sign-in codes reach people."
        : "Without it nobody can set a forgotten password anew. Set SMTP_HOST and SMTP_SENDER_EMAIL and start again.",
    },
    {
      id: "address",
      title: "Give it an address",
      isDone: !isLocal(config.app_domain),
      why: isLocal(config.app_domain)
        ? "Only this machine reaches it. For others, put it behind TLS and set APP_BASE_URL and PREVIEW_DOMAIN."
        : `People reach it at ${config.app_domain}, previews at ${config.preview_domain}.`,
    },
  ];
}
