import { createClient, type StudioClient } from "@tesslate/client";
import { projects as contents } from "./content.ts";
import { servedCount, type ServedProject } from "./work.ts";

const colors = ["#8a4b1f", "#1a5998", "#126635", "#5b4b8a", "#82470a", "#46413e"] as const;

/** A page that says what the app is for. */
function pageOf(name: string, description: string, color: string): string {
  const entries = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    .map((day, n) => `<li><span>${day}</span><b>${12 + n * 7}</b></li>`)
    .join("");
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${name}</title>
    <style>
      body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1f1b18; background: #fcfcfa; }
      header { background: ${color}; color: #fff; padding: 48px 24px; }
      main, header > div { max-width: 720px; margin: auto; }
      h1 { margin: 0 0 8px; font-size: 32px; }
      ul { list-style: none; padding: 0; border: 1px solid #dfdbd6; border-radius: 8px; }
      li { display: flex; justify-content: space-between; padding: 12px 16px; border-top: 1px solid #dfdbd6; }
      li:first-child { border-top: 0; }
    </style>
  </head>
  <body>
    <header><div><h1>${name}</h1><p>${description}</p></div></header>
    <main><h2>This week</h2><ul>${entries}</ul></main>
  </body>
</html>
`;
}

/** Creates the first projects of a person on the running server, so that they have files. Those that exist are left as they are. */
export async function createServedProjects(client: StudioClient): Promise<ServedProject[]> {
  const { items } = await client.projects.list({ query: { limit: 500 } });
  const served: ServedProject[] = [];
  for (const [index, { name, description }] of contents.slice(0, servedCount).entries()) {
    const known = items.find((project) => project.name === name);
    if (known) {
      served.push({ id: known.id, slug: known.slug });
      continue;
    }
    const created = await client.projects.create({ body: { name, base_id: "static", source_type: "template" } });
    // The stream ends with the task.
    for await (const _ of client.tasks.events({ params: { task_id: created.task_id } }));
    await client.files.put({
      params: { id: created.id, path: "index.html" },
      body: { content: pageOf(name, description, colors[index % colors.length] ?? "#46413e") },
    });
    served.push({ id: created.id, slug: created.slug });
  }
  return served;
}

/** A client of the server on this machine, signed in; `undefined` if none answers, or one of another installation. */
export async function signIn(baseUrl: string, login: { email: string; password: string }): Promise<StudioClient | undefined> {
  try {
    const { access_token } = await createClient({ baseUrl, maxRetries: 0 }).auth.login({ body: login });
    return access_token ? createClient({ baseUrl, token: access_token }) : undefined;
  } catch {
    return undefined;
  }
}
