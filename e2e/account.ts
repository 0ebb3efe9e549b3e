import { randomBytes } from "node:crypto";
import { createClient, type StudioClient } from "@tesslate/client";
import type { Task } from "@tesslate/contract";

/** A person of the server at `url`, calling the API with a bearer token that is renewed by signing in again. */
export interface Account {
  email: string;
  password: string;
  api: StudioClient;
  token(): string;
  signIn(): Promise<void>;
}

export async function signUp(url: string, name = "Nadia"): Promise<Account> {
  const tag = randomBytes(5).toString("hex");
  const account = accountOf(url, { email: `${name.toLowerCase()}-${tag}@example.com`, password: `Correct-horse-${tag}` });
  await account.api.auth.register({ body: { email: account.email, password: account.password, name } });
  await account.signIn();
  return account;
}

/** An account that exists; `signIn` comes before other calls. */
export function accountOf(url: string, credentials: Pick<Account, "email" | "password">): Account {
  let token = "";
  const api = createClient({ baseUrl: url, token: () => token });
  return {
    ...credentials,
    api,
    token: () => token,
    signIn: async () => {
      token = "";
      token = (await api.auth.login({ body: credentials })).access_token ?? "";
    },
  };
}

/** Waits for a long operation; throws its error if it fails. */
export async function finished(api: Account["api"], taskId: string | null, signal?: AbortSignal): Promise<Task | undefined> {
  if (!taskId) return undefined;
  let last: Task | undefined;
  for await (const { data } of api.tasks.events({ params: { task_id: taskId } }, { ...(signal && { signal }) })) last = data;
  if (last?.status !== "completed") throw new Error(`${last?.type} ${last?.status}: ${last?.error}\n${last?.logs.join("\n")}`);
  return last;
}

/** A project created from a template and ready to start. */
export async function createProject(account: Account, name: string, template?: string) {
  const project = await account.api.projects.create({ body: { name, ...(template && { source_type: "template", base_id: template }) } });
  await finished(account.api, project.task_id);
  return project;
}
