import type { ModelServer } from "@tesslate/testkit";
import type { Account, createProject } from "./account.ts";
import type { WatchedWindow } from "./browser.ts";
import type { RunningStudio } from "./studio.ts";

/** Settings of a server whose agent uses the scripted model. */
export const modelEnv = (model: Pick<ModelServer, "openai_base_url">): Record<string, string> => ({
  OPENAI_API_KEY: "sk-e2e",
  OPENAI_BASE_URL: model.openai_base_url,
  DEFAULT_MODELS: "openai/scripted",
  OUTBOUND_ALLOW_HOSTS: "127.0.0.1,localhost",
});

/** One account with one project, open in one window. */
export interface OpenProject {
  studio: RunningStudio;
  account: Account;
  project: Awaited<ReturnType<typeof createProject>>;
  watched: WatchedWindow;
  page: WatchedWindow["page"];
}
