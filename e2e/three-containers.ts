/// <reference lib="dom" />
/**
 * A page, its API and their database, only through the public API: connected, started in order, used from a browser, frozen when idle and woken.
 * `--whole` adds the browser and the idle times. RUNTIME_DRIVER selects the runtime.
 */
import type { Container } from "@tesslate/contract";
import { createProject, finished, signUp } from "./account.ts";
import { expect, journey, until } from "./journey.ts";
import { enterPreview, fetchPreview } from "./preview.ts";
import { runInTerminal } from "./terminal.ts";

export default journey(
  { ownServer: "it is killed, and its projects fall asleep", templates: ["react-vite", "node-api"] },
  async (context) => {
    const { isWhole } = context;
    const studio = await context.startStudio({ ...(isWhole && { IDLE_FREEZE_MINUTES: "0.1", IDLE_STOP_MINUTES: "0.35" }) });
    const person = await signUp(studio.url, "Trio");
    const { api } = person;

    const apiSource = `import { Hono } from "hono";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
await pool.query("create table if not exists notes (id serial primary key, text text not null)");
export const app = new Hono();

app.get("/", (c) => c.text("notes"));
app.get("/api/notes", async (c) => c.json((await pool.query("select text from notes order by id")).rows));
app.post("/api/notes", async (c) => {
  const { text } = await c.req.json<{ text: string }>();
  await pool.query("insert into notes (text) values ($1)", [text]);
  return c.json({ text }, 201);
});
app.onError((error, c) => c.json({ error: error.message }, 500));
pool.on("error", (error) => console.error(error.message));
`;
    const pageSource = `import { useEffect, useState } from "react";

interface Note { text: string }

export default function App() {
  const [notes, setNotes] = useState<Note[]>([]);
  const [text, setText] = useState("");
  const load = async () => setNotes(await (await fetch("/api/notes")).json());
  useEffect(() => { void load(); }, []);
  return (
    <form onSubmit={async (event) => {
      event.preventDefault();
      await fetch("/api/notes", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ text }) });
      setText("");
      await load();
    }}>
      <label>Note <input value={text} onChange={(event) => setText(event.target.value)} /></label>
      <button>Add</button>
      <ul>{notes.map((note, i) => <li key={i}>{note.text}</li>)}</ul>
    </form>
  );
}
`;

    let projectId = "";
    let web: Container;
    let backend: Container;
    let database: Container;
    let cookie = "";
    const params = (container: Container) => ({ id: projectId, container_id: container.id });
    const statusOf = async () => (await api.projects.status({ params: { id: projectId } })).containers;
    const connect = (source: Container, target: Container) =>
      api.connections.create({ params: { id: projectId }, body: { source_container_id: source.id, target_container_id: target.id } });
    const enter = async () => {
      const { url } = await api.previews.ticket({ params: { id: projectId }, body: { container_id: web.id } });
      const page = await enterPreview(url, studio.port);
      cookie = page.cookie;
      return page;
    };
    const requestPage = (path: string, more: { method?: string; body?: unknown } = {}) =>
      fetchPreview(new URL(path, web.url ?? "").href, studio.port, { cookie, accept: "application/json" }, more);
    const notes = async (): Promise<string[]> => {
      const answer = await requestPage("/api/notes");
      expect(answer.status === 200, `the page's API responds with ${answer.status}: ${answer.body.slice(0, 300)}`);
      return (JSON.parse(answer.body) as { text: string }[]).map((note) => note.text);
    };
    const has = (list: readonly string[], ...wanted: string[]) =>
      expect(
        wanted.every((text) => list.includes(text)),
        `${JSON.stringify(list)} lacks one of ${JSON.stringify(wanted)}`,
      );

    return [
      {
        name: "a page, an API and a database are created and connected",
        run: async () => {
          const services = await api.containers.services({ query: { limit: 100 } });
          const postgres = services.items.find((service) => service.slug === "postgres");
          expect(postgres?.available.runs, `PostgreSQL runs here: ${postgres?.available.reason}`);
          projectId = (await createProject(person, "Notes", "react-vite")).id;
          web = (await api.containers.list({ params: { id: projectId } })).items[0] as Container;
          const made = await api.containers.create({ params: { id: projectId }, body: { name: "API", base_id: "node-api" } });
          await finished(api, made.task_id);
          backend = made;
          database = await api.containers.create({
            params: { id: projectId },
            body: { container_type: "service", service_slug: "postgres" },
          });
          await connect(database, backend);
          await connect(backend, web);
          const injected = async (container: Container) =>
            ((await api.containers.get({ params: params(container) })).injected_env_vars ?? []).map((v) => v.key);
          has(await injected(backend), "DATABASE_URL", "POSTGRES_PASSWORD");
          has(await injected(web), "API_URL");
        },
      },
      {
        name: "one call starts everything: the API after its database, the page, which waits for nothing, at once",
        run: async () => {
          await finished(api, (await api.projects.start({ params: { id: projectId } })).task_id);
          const status = await api.projects.status({ params: { id: projectId } });
          expect(status.status === "running", `status ${status.status}`);
          const startOf = async (c: Container) => Date.parse((await api.containers.get({ params: params(c) })).last_started_at ?? "");
          const [data, server, page] = await Promise.all([database, backend, web].map(startOf));
          expect(Number(server) >= Number(data), `the database started at ${data}, the API at ${server}`);
          expect(Number(page) < Number(server), `the page started at ${page}, the API at ${server}`);
        },
      },
      {
        name: "the API's driver is installed in a terminal, its code written through the files API",
        run: async () => {
          await runInTerminal(person, studio.url, projectId, "api", "npm install --no-audit --no-fund pg");
          await api.files.put({ params: { id: projectId, path: "api/src/app.ts" }, body: { content: apiSource } });
          await api.files.put({ params: { id: projectId, path: "src/App.tsx" }, body: { content: pageSource } });
          await finished(api, (await api.containers.restart({ params: params(backend) })).task_id);
        },
      },
      {
        name: "the page writes to and reads from the database through its API",
        run: async () => {
          const page = await enter();
          expect(page.status === 200, `the page responds with ${page.status}`);
          const added = await requestPage("/api/notes", { method: "POST", body: { text: "from the preview" } });
          expect(added.status === 201, `added: ${added.status} ${added.body.slice(0, 300)}`);
          has(await notes(), "from the preview");
          if (!isWhole) return;
          const browser = await context.openWindow({}, studio);
          const { url } = await api.previews.ticket({ params: { id: projectId }, body: { container_id: web.id } });
          await browser.page.goto(url);
          await browser.page.getByLabel("Note").fill("from a browser");
          await browser.page.getByRole("button", { name: "Add" }).click();
          await browser.page.getByRole("listitem").filter({ hasText: "from a browser" }).waitFor({ timeout: 15_000 });
          await browser.page.reload();
          await browser.page.getByRole("listitem").filter({ hasText: "from a browser" }).waitFor({ timeout: 15_000 });
          has(await notes(), "from the preview", "from a browser");
        },
      },
      {
        name: "the password of the database is shown nowhere",
        run: async () => {
          const printed = await runInTerminal(person, studio.url, projectId, "api", 'printf "%s" "$DATABASE_URL $POSTGRES_PASSWORD"');
          expect(/:\/\/app:\[secret:POSTGRES_PASS\w*\]@\S+ \[secret:POSTGRES_PASS\w*\]$/.test(printed.trim()), `printed: ${printed}`);
        },
      },
      ...(!isWhole
        ? []
        : [
            {
              name: "when idle, everything is frozen, and the first request wakes it",
              run: async () => {
                await until("all frozen", async () => Object.values(await statusOf()).every((c) => c.status === "frozen"), 60_000);
                has(await notes(), "from the preview");
              },
            },
            {
              name: "when idle for longer, everything is stopped, and the first request starts everything in order",
              run: async () => {
                await until("all stopped", async () => Object.values(await statusOf()).every((c) => c.status === "stopped"), 90_000);
                await until("the rows again", async () => ((await requestPage("/api/notes")).status === 200 ? true : undefined), 60_000);
                has(await notes(), "from the preview", "from a browser");
              },
            },
          ]),
      {
        name: "restoring a snapshot while everything runs brings back a dropped table",
        run: async () => {
          const taken = await api.snapshots.create({ params: { id: projectId }, body: { label: "before the accident" } });
          await finished(api, taken.task_id);
          const ready = await api.snapshots.get({ params: { id: projectId, snapshot_id: taken.id } });
          expect(ready.status === "ready" && ready.databases.includes(database.name), `snapshot: ${JSON.stringify(ready)}`);
          const before = await notes();
          const drop = `import pg from "pg"; const c = new pg.Client(process.env.DATABASE_URL); await c.connect(); await c.query("drop table notes"); await c.end();`;
          await runInTerminal(person, studio.url, projectId, "api", `node --input-type=module -e '${drop}'`);
          const broken = await requestPage("/api/notes");
          expect(broken.status === 500 && broken.body.includes("notes"), `after the drop: ${broken.status} ${broken.body.slice(0, 200)}`);
          await api.files.put({ params: { id: projectId, path: "api/src/app.ts" }, body: { content: "throw new Error('broken too');" } });
          const restore = await api.snapshots.restore({ params: { id: projectId, snapshot_id: taken.id } });
          await finished(api, restore.task_id);
          await until("the page's API again", async () => ((await requestPage("/api/notes")).status === 200 ? true : undefined), 60_000);
          const after = await notes();
          expect(JSON.stringify(after) === JSON.stringify(before), `rows ${JSON.stringify(after)} instead of ${JSON.stringify(before)}`);
        },
      },
      {
        name: "the database stops orderly and starts without recovery",
        run: async () => {
          await api.projects.stop({ params: { id: projectId } });
          await finished(api, (await api.projects.start({ params: { id: projectId } })).task_id);
          const lines: string[] = [];
          for await (const { data } of api.containers.logs({ params: params(database), query: { tail: 200 } })) {
            lines.push(data.line);
            if (lines.length > 5 && data.line.includes("ready to accept connections")) break;
          }
          expect(!lines.some((line) => /not properly shut down|redo starts/.test(line)), lines.slice(-20).join("\n"));
          has(await notes(), "from the preview");
        },
      },
      {
        name: "after kill -9 of the server the next one adopts what runs, with all rows",
        run: async () => {
          await studio.kill();
          await studio.restart();
          await person.signIn();
          expect(
            Object.values(await statusOf()).every((c) => c.running),
            JSON.stringify(await statusOf()),
          );
          await enter();
          has(await notes(), "from the preview");
        },
      },
      {
        name: "the project is deleted with its data, and the server stops orderly",
        run: async () => {
          const removal = await api.projects.remove({ params: { id: projectId } });
          await finished(api, removal.task_id);
        },
      },
    ];
  },
);
