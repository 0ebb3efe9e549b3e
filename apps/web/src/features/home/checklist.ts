import type { PreparationItem, PublicConfig } from "@tesslate/contract";

export interface Step {
  id: "model" | "project" | "browser" | "isolation" | "mail" | "address";
  title: string;
  isDone: boolean;
  /** What the step does, or what is missing. */
  why: string;
}
export interface Facts {
  config: PublicConfig;
  isModelConfigured: boolean;
  hasProject: boolean;
  isAdministrator: boolean;
  /** The agent's browser; undefined while that is not known. */
  browser: PreparationItem["state"] | undefined;
}

const isLocal = (host: string) => /^(localhost|127\.|\[?::1)|\.localhost$/.test(host);
const isolations: Record<PublicConfig["isolation"], string> = {
  full: "Each project has its own user, network and limits.",
  "no-netns": "Each project has its own user and limits. All projects share the network of this machine.",
  process: "Projects run as processes of this machine's user. Give access only to people you trust.",
  none: "Projects can't run on this machine.",
};

/** While it is to be installed, an administrator chooses: now, in its turn, or never. */
const browserWhy: Partial<Record<PreparationItem["state"], string>> = {
  waiting: "The agent checks apps in Chromium. It is installed after the templates, in about 150 MB.",
  preparing: "The agent checks apps in Chromium. Installing it now.",
  failed: "The agent checks apps in Chromium. Couldn't install it; the server will retry.",
};

/** The steps from a new installation or account to the first app. Only administrators get the steps for operators. */
export function checklist({ config, isModelConfigured, hasProject, isAdministrator, browser }: Facts): Step[] {
  const own: Step[] = [
    {
      id: "model",
      title: "Connect a model",
      isDone: isModelConfigured && !config.demo,
      why: config.demo
        ? "Replies are scripted. Connect a provider or a local model to get real ones."
        : "Add an API key of a provider, or a local model. It is verified before it is saved.",
    },
    { id: "project", title: "Create your first project", isDone: hasProject, why: "Describe it above, then click Build." },
  ];
  if (!isAdministrator) return own;
  const why = browser && browserWhy[browser];
  return [
    ...own,
    ...(why === undefined ? [] : [{ id: "browser" as const, title: "Install a browser", isDone: false, why }]),
    {
      id: "isolation",
      title: "Sandbox",
      isDone: config.isolation === "full" && config.isolation_warnings.length === 0,
      why: [isolations[config.isolation], ...config.isolation_warnings].join(" "),
    },
    {
      id: "mail",
      title: "Set up email",
      isDone: config.features.smtp,
      why: config.features.smtp
        ? "Password resets and sign-in codes are sent by email."
        : "Without email, people can't reset their passwords. Set SMTP_HOST and SMTP_SENDER_EMAIL, then restart.",
    },
    {
      id: "address",
      title: "Set a public URL",
      isDone: !isLocal(config.app_domain),
      why: isLocal(config.app_domain)
        ? "Only this machine can reach this server. For others, put it behind TLS and set APP_BASE_URL and PREVIEW_DOMAIN."
        : `Available at ${config.app_domain}, previews at ${config.preview_domain}.`,
    },
  ];
}
