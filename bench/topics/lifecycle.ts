/** Waking and hot reload through the preview proxy, with all its checks. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createProject, finished, signUp, type Account } from "../../e2e/account.ts";
import { enterPreview, fetchPreview } from "../../e2e/preview.ts";
import { startStudio } from "../../e2e/studio.ts";
import { ms, quantile, since, type Row } from "../report.ts";

const freezeMs = 1_200;
const pair = (values: number[]) => `p50 ${ms(quantile(values, 0.5))}, p99 ${ms(quantile(values, 0.99))} of ${values.length}`;

async function statusOf(api: Account["api"], id: string): Promise<string | undefined> {
  return Object.values((await api.projects.status({ params: { id } })).containers)[0]?.status;
}
async function becomes(api: Account["api"], id: string, wanted: string): Promise<void> {
  for (const until = Date.now() + 30_000; (await statusOf(api, id)) !== wanted; await sleep(50))
    if (Date.now() > until) throw new Error(`not ${wanted} within 30 s`);
}

/** The dev server's own socket at its preview host; resolves with each text frame's payload. */
async function openHotReload(url: URL, port: number, cookie: string): Promise<{ next(): Promise<string>; close(): void }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let wake = () => {};
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
    wake();
  });
  socket.write(
    `GET /?token=${url.searchParams.get("token") ?? ""} HTTP/1.1\r\nhost: ${url.host}\r\norigin: ${url.origin}\r\ncookie: ${cookie}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: vite-hmr\r\n\r\n`,
  );
  const received = async (part: string) => {
    for (const until = Date.now() + 10_000; !text.includes(part);) {
      if (Date.now() > until) throw new Error(`no ${part} within 10 s: ${text.slice(0, 300)}`);
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), sleep(1000)]);
    }
  };
  await received('"connected"');
  return {
    next: async () => {
      text = "";
      await received('"update"');
      return text;
    },
    close: () => socket.destroy(),
  };
}

export async function measure(): Promise<Row[]> {
  const studio = await startStudio({ IDLE_FREEZE_MINUTES: String(freezeMs / 60_000), IDLE_STOP_MINUTES: "0", LOG_LEVEL: "warn" });
  try {
    const person = await signUp(studio.url, "Bench");
    const { api } = person;
    const api1 = await createProject(person, "Wake", "node-api");
    const enter = async (id: string) => {
      const { url } = await api.previews.ticket({ params: { id }, body: {} });
      const { cookie } = await enterPreview(url, studio.port);
      return { cookie, url: new URL("/", url) };
    };
    await finished(api, (await api.projects.start({ params: { id: api1.id } })).task_id);
    const visit = await enter(api1.id);
    const timedVisit = async () => {
      const started = performance.now();
      const { status } = await fetchPreview(visit.url.href, studio.port, { cookie: visit.cookie });
      if (status !== 200) throw new Error(`the preview responded with ${status}`);
      return since(started);
    };
    const awake: number[] = [];
    for (let i = 0; i < 10; i++) awake.push(await timedVisit());
    const thawed: number[] = [];
    for (let i = 0; i < 10; i++) {
      await becomes(api, api1.id, "frozen");
      thawed.push(await timedVisit());
    }
    const restarted: number[] = [];
    for (let i = 0; i < 7; i++) {
      await api.projects.stop({ params: { id: api1.id } });
      restarted.push(await timedVisit());
    }
    await api.projects.stop({ params: { id: api1.id } });

    const app = await createProject(person, "Hot", "react-vite");
    await finished(api, (await api.projects.start({ params: { id: app.id } })).task_id);
    const page = await enter(app.id);
    // Vite's client contains the token that its socket requires.
    const client = await fetchPreview(new URL("/@vite/client", page.url).href, studio.port, { cookie: page.cookie, accept: "*/*" });
    page.url.searchParams.set("token", /wsToken = "([^"]+)"/.exec(client.body)?.[1] ?? "");
    // Vite sends updates only for modules that a page has requested.
    for (const path of ["/", "/src/main.tsx", "/src/App.tsx"])
      await fetchPreview(new URL(path, page.url).href, studio.port, { cookie: page.cookie, accept: "*/*" });
    const source = (await api.files.get({ params: { id: app.id, path: "src/App.tsx" } })).content ?? "";
    const socket = await openHotReload(page.url, studio.port, page.cookie);
    const hot: number[] = [];
    for (let i = 0; i < 25; i++) {
      const update = socket.next();
      const started = performance.now();
      await api.files.put({ params: { id: app.id, path: "src/App.tsx" }, body: { content: `${source}\n// ${i}\n` } });
      await update;
      hot.push(since(started));
      await sleep(150);
    }
    socket.close();
    await api.projects.stop({ params: { id: app.id } });
    return [
      {
        what: "wake from freeze to first byte, through the proxy",
        measured: pair(thawed),
        baseline: `awake ${ms(quantile(awake, 0.5))}`,
        target: "p50 <= 10 ms",
        meets: quantile(thawed, 0.5) <= 10,
      },
      {
        what: "wake from stop to first byte (node-api), through the proxy",
        measured: pair(restarted),
        target: "p50 <= 1 s",
        meets: quantile(restarted, 0.5) <= 1000,
      },
      {
        what: "a file saved through the API to the hot-reload frame, through the proxy",
        measured: pair(hot),
        target: "p50 <= 50 ms",
        meets: quantile(hot, 0.5) <= 50,
      },
    ];
  } finally {
    await studio.close();
  }
}
