/** Every bundled template: built in the sandbox, started, and its first page fetched through the preview site. */
import { createProject, finished, signUp } from "./account.ts";
import { expect, journey, until } from "./journey.ts";
import { enterPreview, fetchPreview } from "./preview.ts";

export default journey(
  { templates: ["static", "react-vite", "nextjs", "node-api", "fastapi", "full-stack", "fastapi-react", "astro"] },
  async (context) => {
    const { studio } = context;
    const person = await signUp(studio.url, "Templates");
    const { items } = await person.api.projects.templates({});

    expect(items.length === 9, `nine templates, not ${items.length}`);

    // Nothing runs in a blank project.
    const restarted = async (id: string, container_id: string) =>
      void (await finished(person.api, (await person.api.containers.restart({ params: { id, container_id } })).task_id));
    /** The page's requests to its API wait while it restarts, and those that the stopping API drops are repeated: none fails. */
    const expectWaitingWhile = async ({ url, cookie }: { url: string; cookie: string }, work: () => Promise<void>) => {
      let isOver = false;
      const working = work().finally(() => (isOver = true));
      const statuses: number[] = [];
      const ask = async () => {
        while (!isOver) statuses.push((await fetchPreview(new URL("/api/health", url).href, studio.port, { cookie })).status);
      };
      const askers = [ask(), ask()];
      await Promise.all([working, ...askers]);
      const failed = statuses.filter((status) => status !== 200);
      expect(failed.length === 0, `of ${statuses.length} requests during a restart of the API, some failed: ${failed.join(", ")}`);
    };
    return items
      .filter(({ slug }) => slug !== "blank")
      .map((template) => ({
        name: `${template.name}: is created, started and responds in its preview`,
        run: async () => {
          const project = await createProject(person, template.name, template.slug);
          const start = await person.api.projects.start({ params: { id: project.id } });
          await finished(person.api, start.task_id);
          const page = await until(
            "a page",
            async () => {
              const { url } = await person.api.previews.ticket({ params: { id: project.id }, body: {} });
              const answer = await enterPreview(url, studio.port);
              return answer.status === 200 ? { ...answer, url } : undefined;
            },
            30_000,
          );
          expect(/<html|<!doctype/i.test(page.body), `not a page: ${page.body.slice(0, 200)}`);
          expect(page.body.includes("/__studio/bridge.js"), "the bridge is injected");
          const status = await person.api.projects.status({ params: { id: project.id } });
          expect(status.status === "running", `status ${status.status}`);
          const { items: containers } = await person.api.containers.list({ params: { id: project.id } });
          const server = containers.find(({ name }) => name === "API");
          if (server) await expectWaitingWhile(page, () => restarted(project.id, server.id));
          await person.api.projects.stop({ params: { id: project.id } });
        },
      }));
  },
);
