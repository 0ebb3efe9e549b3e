import type { ModelServer } from "@tesslate/testkit";
import { createProject, signUp, type Account } from "./account.ts";
import { openBrowser, type Watched } from "./browser.ts";
import { shot } from "./looks.ts";
import { startStudio, type RunningStudio } from "./studio.ts";

/** What a server needs so that its agent speaks with the scripted model. */
export const modelEnv = (model: Pick<ModelServer, "openai_base_url">): Record<string, string> => ({
  OPENAI_API_KEY: "sk-e2e",
  OPENAI_BASE_URL: model.openai_base_url,
  DEFAULT_MODELS: "openai/scripted",
  OUTBOUND_ALLOW_HOSTS: "127.0.0.1,localhost",
});

/** One person, one project and one window on a server of their own. The server ends with the process. */
export interface Scene {
  studio: RunningStudio;
  account: Account;
  project: Awaited<ReturnType<typeof createProject>>;
  watched: Watched;
  page: Watched["page"];
}

export async function openScene(env: Record<string, string> = {}, options: { timeoutMs?: number } = {}): Promise<Scene> {
  const studio = await startStudio(env);
  process.on("exit", () => studio.process.kill("SIGTERM"));
  const account = await signUp(studio.url);
  const project = await createProject(account, "Alder Street Bakery", "static");
  const watched = await openBrowser(studio.url);
  const { page } = watched;
  page.setDefaultTimeout(options.timeoutMs ?? 15_000);
  return { studio, account, project, watched, page };
}

/** What a failed journey leaves behind: offences of the page, warnings of the server, and a screenshot. */
export const traceOf =
  (studio: RunningStudio, watched: () => Watched | undefined) =>
  async (name: string): Promise<void> => {
    const seen = watched();
    for (const offence of seen?.offences.splice(0) ?? []) console.log(`  ${offence}`);
    for (const line of studio.output().split("\n")) if (/"level":"(warn|error)"/.test(line)) console.log(`  ${line.slice(0, 400)}`);
    if (seen) await shot(seen.page, `failed-${name.replace(/\W+/g, "-").slice(0, 60)}`);
  };
