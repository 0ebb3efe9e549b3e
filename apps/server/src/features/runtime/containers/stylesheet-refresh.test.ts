import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test, vi } from "vitest";
import { ended, enterPreview, projectsApp, setUpProject } from "../../../testing/projects.ts";

/** The programs that the web UI is built with serve as those of an app. */
const web = createRequire(join(import.meta.dirname, "../../../../../web/package.json"));
const pathOf = (module: string) => web.resolve(module);
const tailwind = dirname(pathOf("tailwindcss/package.json"));
const vite = pathToFileURL(join(dirname(pathOf("vite/package.json")), "bin/vite.js")).href;
const plugin = pathToFileURL(pathOf("@tailwindcss/vite")).href;

const app = (imported: string) => `import { board } from "${imported}";\ndocument.body.innerHTML = board;\n`;
const files: Record<string, string> = {
  // What the container of the tiny template runs.
  "server.mjs": `import "${vite}";\n`,
  "vite.config.mjs": `import tailwindcss from "${plugin}";
export default { plugins: [tailwindcss()], server: { port: Number(process.env.PORT), strictPort: true, allowedHosts: true } };\n`,
  "index.html": `<!doctype html><link rel="stylesheet" href="/app.css" /><script type="module" src="/app.ts"></script>\n`,
  "app.css": `@import "${tailwind}/index.css";\n`,
  "app.ts": app("./first.ts"),
  "first.ts": `export const board = "<p class='p-[3px]'>First</p>";\n`,
};

test("a file that is created after the file that imports it gets its styles, and the stylesheet keeps its version", async () => {
  await using studio = await projectsApp();
  const ada = await studio.signUp();
  const { project } = await setUpProject(studio, ada, "Styles");
  const api = studio.as(ada);
  const params = { id: project.id };
  const write = (path: string, content: string) => api.files.put({ params: { ...params, path }, body: { content } });
  for (const [path, content] of Object.entries(files)) await write(path, content);
  expect(await ended(studio, ada, (await api.projects.start({ params })).task_id)).toMatchObject({ status: "completed", error: null });
  const visit = await enterPreview(studio, ada, project.id);
  const stylesheet = async () => (await visit.fetch("/app.css", { headers: { accept: "text/css" } })).text;
  const has = (text: string) => vi.waitFor(async () => expect(await stylesheet()).toContain(text), { timeout: 15_000, interval: 100 });
  await has("padding: 3px");
  const { etag } = await api.files.get({ params: { ...params, path: "app.css" } });

  await write("app.ts", app("./pages/board.ts"));
  await vi.waitFor(async () => expect((await visit.fetch("/app.ts")).status).toBe(500), { timeout: 10_000, interval: 50 });
  await stylesheet();
  await write("pages/board.ts", `export const board = "<p class='p-[7px]'>Board</p>";\n`);
  await has("padding: 7px");
  expect((await visit.fetch("/app.ts")).status).toBe(200);
  expect(await api.files.get({ params: { ...params, path: "app.css" } })).toMatchObject({ etag });
});
