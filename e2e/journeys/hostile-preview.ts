/// <reference lib="dom" />
/** A hostile app in a preview that attacks the workbench around it. Each case reports how it was blocked. */
import type { Frame, Page } from "playwright-core";
import { createProject, finished, signUp } from "../account.ts";
import { type WatchedWindow } from "../browser.ts";
import { expect, journey, note, until } from "../journey.ts";
import { animationsEnded } from "../screens.ts";
import { enterPreview, fetchPreview } from "../preview.ts";

/** Responds to everything with a page; sets cookies; serves a service worker for every path. */
const hostileServer = `
import { createServer } from "node:http";
createServer((request, response) => {
  const send = (type, body, more = {}) => response.writeHead(200, { "content-type": type, ...more }).end(body);
  if (request.url === "/sw.js") return send("text/javascript", "self.oninstall=()=>self.skipWaiting();self.onactivate=(e)=>e.waitUntil(self.clients.claim());self.addEventListener('fetch',(e)=>e.respondWith(new Response('from the worker')))");
  if (request.url === "/plant") return send("text/plain", "ok", { "set-cookie": ["tesslate_auth=evil; Domain=localhost; Path=/", "tesslate_preview=evil; Domain=preview.localhost; Path=/", "tesslate_csrf_token=evil; Path=/"] });
  if (request.url === "/seen") return send("application/json", JSON.stringify(request.headers));
  send("text/html", "<!doctype html><title>Hostile</title><h1>Hostile</h1>");
}).listen(Number(process.env.PORT), process.env.HOST ?? "127.0.0.1");
`;

export default journey({ templates: ["node-api"] }, async (context) => {
  const { studio } = context;
  const owner = await signUp(studio.url);
  const projects = { hostile: await createProject(owner, "Hostile", "node-api"), other: await createProject(owner, "Other", "node-api") };
  for (const project of Object.values(projects)) {
    await owner.api.files.put({ params: { id: project.id, path: "src/index.ts" }, body: { content: hostileServer } });
    await finished(owner.api, (await owner.api.projects.start({ params: { id: project.id } })).task_id);
  }
  const ticketOf = async (id: string, path = "/") => (await owner.api.previews.ticket({ params: { id }, body: { path } })).url;
  const originOf = async (id: string) => new URL(await ticketOf(id)).origin;
  const otherOrigin = await originOf(projects.other.id);
  let browser: WatchedWindow | undefined;
  const pageOf = (): Page => (browser as WatchedWindow).page;
  /** The frame of the workbench in which the hostile app runs. */
  const hostileFrame = async (): Promise<Frame> =>
    until(
      "the hostile frame",
      () =>
        pageOf()
          .frames()
          .find((frame) => frame !== pageOf().mainFrame() && frame.url().startsWith("http://hostile-")),
      30_000,
    );

  interface Attack {
    name: string;
    /** Returns how it was blocked; throws if it was not. */
    run(frame: Frame): Promise<string>;
  }
  const app = studio.url;
  /** Runs a script in the app's frame. */
  const tries = <T>(frame: Frame, script: (given: { app: string; other: string; project: string }) => Promise<T> | T): Promise<T> =>
    frame.evaluate(script, { app, other: otherOrigin, project: projects.hostile.id });
  const refused = (how: string, isRefused: boolean): string => {
    expect(isRefused, `not refused: ${how}`);
    return how;
  };
  const state = async () => ({
    runs: (await owner.api.projects.status({ params: { id: projects.hostile.id } })).status,
    projects: (await owner.api.projects.list({ query: {} })).total,
    isSignedIn: (await pageOf().evaluate(() => fetch("/api/users/me").then((response) => response.status))) === 200,
    cookie: (await pageOf().context().cookies(app)).filter(({ name }) => name === "tesslate_auth").map(({ value }) => value),
  });
  /** Runs it and checks that the person's data is unchanged. */
  const changesNothing = async (work: () => Promise<unknown>): Promise<void> => {
    const before = await state();
    await work();
    const after = await state();
    expect(JSON.stringify(after) === JSON.stringify(before), `changed from ${JSON.stringify(before)} to ${JSON.stringify(after)}`);
  };

  const attacks: Attack[] = [
    ...["/api/users/me", "/api/auth/csrf", "/api/secrets/providers"].map((path) => ({
      name: `fetch of ${path} with credentials`,
      run: async (frame: Frame) => {
        const got = await frame.evaluate(
          (url) =>
            fetch(url, { credentials: "include" }).then(
              (r) => r.text(),
              (error: Error) => `${error.name}: ${error.message}`,
            ),
          app + path,
        );
        return refused(`no CORS: ${got}`, got.startsWith("TypeError"));
      },
    })),
    {
      name: "fetch without CORS, and a script element, of an API response",
      run: async (frame) => {
        const got = await tries(frame, async ({ app: url }) => {
          const opaque = await fetch(`${url}/api/users/me`, { mode: "no-cors", credentials: "include" }).then(
            (r) => `${r.type} ${r.status}`,
            () => "blocked",
          );
          const script = await new Promise<string>((resolve) => {
            const element = Object.assign(document.createElement("script"), {
              src: `${url}/api/users/me`,
              onerror: () => resolve("blocked"),
              onload: () => resolve("loaded"),
            });
            document.head.append(element);
          });
          return [opaque, script];
        });
        return refused(
          `Cross-Origin-Resource-Policy: ${got.join(", ")}`,
          got.every((one) => one === "blocked"),
        );
      },
    },
    {
      name: "WebSocket to the API",
      run: async (frame) => {
        const code = await tries(
          frame,
          ({ app: url, project }) =>
            new Promise<number>((resolve) => {
              const socket = new WebSocket(`${url.replace("http", "ws")}/api/projects/${project}/events/ws`);
              socket.onopen = () => socket.send("{}");
              socket.onmessage = (event) => !String(event.data).includes('"error"') && resolve(101);
              socket.onclose = (event) => resolve(event.code);
            }),
        );
        return refused(`closed with ${code}`, code === 4401);
      },
    },
    {
      name: "event stream of the API",
      run: async (frame) => {
        const got = await tries(
          frame,
          ({ app: url, project }) =>
            new Promise<string>((resolve) => {
              const stream = new EventSource(`${url}/api/projects/${project}/events`, { withCredentials: true });
              stream.onopen = () => resolve("open");
              stream.onerror = () => resolve("error");
            }),
        );
        return refused(`EventSource: ${got}`, got === "error");
      },
    },
    {
      name: "reading cookies of the studio",
      run: async (frame) => {
        const seen = await tries(frame, () => document.cookie);
        const headers = await tries(frame, () => fetch("/seen").then((r) => r.text()));
        return refused("neither its script nor its server sees one", !/tesslate_/.test(seen + headers));
      },
    },
    {
      name: "setting cookies of the studio by script and by header (cookie tossing)",
      run: async (frame) => {
        await changesNothing(() =>
          tries(frame, async () => {
            for (const domain of ["localhost", ".localhost", "preview.localhost", ""])
              for (const name of ["tesslate_auth", "tesslate_csrf_token", "tesslate_refresh", "tesslate_preview"])
                document.cookie = `${name}=evil; path=/${domain && `; domain=${domain}`}`;
            await fetch("/plant");
          }),
        );
        const planted = (await pageOf().context().cookies(app)).filter(({ value }) => value === "evil");
        const again = await tries(frame, () => fetch("/seen").then((r) => r.status));
        return refused(
          `none reaches the app (${planted.length}); its own preview still accepts its owner (${again})`,
          planted.length === 0 && again === 200,
        );
      },
    },
    {
      name: "the studio in a frame (clickjacking)",
      run: async (frame) => {
        const before = pageOf().frames().length;
        await tries(
          frame,
          ({ app: url }) =>
            new Promise<void>((resolve) => {
              const element = Object.assign(document.createElement("iframe"), {
                src: `${url}/settings`,
                onload: () => resolve(),
                id: "jack",
              });
              document.body.append(element);
            }),
        );
        const inner = await until("the inner frame", () => pageOf().frames().at(-1), 5000);
        const shown = inner.url();
        await tries(frame, () => document.getElementById("jack")?.remove());
        return refused(`frame-ancestors: ${shown} (${before} frames before)`, !shown.startsWith(app));
      },
    },
    {
      name: "navigation of the workbench (top)",
      run: async (frame) => {
        const got = await tries(frame, () => {
          try {
            (window.top as Window).location.href = "http://evil.example/";
            return "navigated";
          } catch (error) {
            return (error as Error).name;
          }
        });
        await animationsEnded(pageOf());
        return refused(`sandboxed frame: ${got}; the workbench is unchanged`, got === "SecurityError" && pageOf().url().startsWith(app));
      },
    },
    {
      name: "a window of the studio opened by the app, and its opener",
      run: async (frame) => {
        await tries(frame, ({ app: url }) => {
          const heading = document.querySelector("h1") as HTMLElement;
          heading.onclick = () => Object.assign(window, { opened: window.open(`${url}/settings`) });
        });
        const popup = pageOf().context().waitForEvent("page");
        await frame.locator("h1").click();
        // The window is open; its opener has no access to it (Cross-Origin-Opener-Policy).
        const opened = await popup;
        await opened.waitForLoadState().catch(() => undefined);
        const openerOfPopup = await opened.evaluate(() => String(window.opener)).catch(() => "not accessible");
        const got = await tries(frame, async () => {
          const reach = (work: () => unknown) => {
            try {
              return String(work());
            } catch (error) {
              return (error as Error).name;
            }
          };
          const handle = (window as { opened?: Window | null }).opened ?? null;
          const document_ = handle === null ? "none" : handle.closed ? "closed" : reach(() => handle.document.title);
          return { document_, parent: reach(() => window.parent.document.title), opener: String(window.opener) };
        });
        await opened.close();
        const [tab] = await Promise.all([
          pageOf().context().waitForEvent("page"),
          pageOf().getByRole("button", { name: "Open in a new tab" }).click(),
        ]);
        await tab.waitForURL(/hostile-/);
        const opener = await tab.evaluate(() => String(window.opener));
        await tab.close();
        return refused(
          `window: ${got.document_}, its opener ${openerOfPopup}; parent: ${got.parent}; opener: ${got.opener}; opener of a tab: ${opener}`,
          ["none", "closed", "SecurityError"].includes(got.document_) &&
            ["null", "not accessible"].includes(openerOfPopup) &&
            got.parent === "SecurityError" &&
            got.opener === "null" &&
            opener === "null",
        );
      },
    },
    {
      name: "messages to the workbench with a forged nonce or from another frame",
      run: async (frame) => {
        const address = pageOf().getByRole("textbox", { name: "Preview URL" });
        const before = await address.inputValue();
        await tries(frame, async ({ other }) => {
          for (const nonce of ["forged", "", 0, {}, ["x"]])
            window.parent.postMessage(
              { source: "tesslate-bridge", nonce, type: "location", path: "/forged", title: "forged", page: "app" },
              "*",
            );
          const inner = Object.assign(document.createElement("iframe"), {
            srcdoc: `<script>parent.parent.postMessage({source:"tesslate-bridge",type:"location",path:"/forged",page:"app"},"*")</script>`,
          });
          const foreign = Object.assign(document.createElement("iframe"), { src: `${other}/` });
          document.body.append(inner, foreign);
          await new Promise((resolve) => setTimeout(resolve, 400));
          inner.remove();
          foreign.remove();
        });
        const after = await address.inputValue();
        return refused(`the address stays ${after}`, after === before && !after.includes("forged"));
      },
    },
    {
      name: "keystrokes of a person who types beside it",
      run: async (frame) => {
        const page = pageOf();
        const composer = page.getByRole("textbox", { name: "Message to the agent" });
        await composer.click();
        await page.keyboard.type("Half of ");
        await page.evaluate(() => addEventListener("blur", () => (document.documentElement.dataset["blurred"] = "yes"), { once: true }));
        await frame.evaluate(() => {
          const field = Object.assign(document.createElement("input"), { id: "own" });
          document.body.append(field);
          field.focus();
        });
        await until("the focus was taken, and has returned to the input", async () => {
          const isBack = await composer.evaluate(
            (box) => box.ownerDocument.documentElement.dataset["blurred"] === "yes" && box.ownerDocument.activeElement === box,
          );
          return isBack && !(await frame.evaluate(() => document.hasFocus()));
        });
        await page.keyboard.type("it");
        const valueOf = () => frame.evaluate(() => document.querySelector("input")?.value);
        const got = { written: await composer.inputValue(), taken: await valueOf() };
        await until("after a click the app has the keyboard", async () => {
          await page.frameLocator("[data-testid=preview-frame]").locator("#own").click();
          await page.keyboard.press("k");
          return valueOf();
        });
        await composer.fill("");
        return refused(`the focus goes back: ${JSON.stringify(got)}`, got.written === "Half of it" && got.taken === "");
      },
    },
    {
      name: "forms posted to the API (urlencoded, multipart, text/plain)",
      run: async (frame) => {
        await changesNothing(() =>
          tries(frame, async ({ app: url, project }) => {
            const targets = [
              "/api/auth/logout",
              "/api/auth/login",
              "/api/projects",
              `/api/projects/${project}/stop`,
              `/api/projects/${project}/file-upload`,
              "/api/auth/sessions",
            ];
            for (const enctype of ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])
              for (const path of targets) {
                const form = Object.assign(document.createElement("form"), { method: "post", action: url + path, enctype, target: "sink" });
                form.append(Object.assign(document.createElement("input"), { name: '{"name":"Forged","x":"', value: '"}' }));
                const sink = Object.assign(document.createElement("iframe"), { name: "sink" });
                document.body.append(sink, form);
                const done = new Promise((resolve) => (sink.onload = resolve));
                form.submit();
                await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 300))]);
                sink.remove();
                form.remove();
                await fetch(url + path, {
                  method: "POST",
                  mode: "no-cors",
                  credentials: "include",
                  headers: { "content-type": enctype.replace("multipart/form-data", "text/plain") },
                  body: '{"name":"Forged"}',
                }).catch(() => undefined);
              }
          }),
        );
        return "nothing was made, stopped or signed out: cookies stay behind, the token is missing, forms are no JSON";
      },
    },
    {
      name: "service workers: of the app's origin, over our paths",
      run: async (frame) => {
        const got = await tries(frame, async ({ app: url }) => {
          const nameOf = (error: Error) => error.name;
          const foreign = await navigator.serviceWorker.register(`${url}/sw.js`).then(() => "registered", nameOf);
          const above = await navigator.serviceWorker.register("/sw.js", { scope: `${url}/` }).then(() => "registered", nameOf);
          const own = await navigator.serviceWorker.register("/sw.js").then((registration) => registration, nameOf);
          await (typeof own === "string" ? undefined : navigator.serviceWorker.ready);
          const bridge = await fetch("/__studio/bridge.js").then((r) => r.text());
          if (typeof own !== "string") await own.unregister();
          return { foreign, above, bridge: bridge.includes("tesslate-bridge") ? "ours" : bridge.slice(0, 40) };
        });
        return refused(
          `foreign script ${got.foreign}, foreign scope ${got.above}, our script is kept ${got.bridge}`,
          got.foreign === "SecurityError" && got.above === "SecurityError" && got.bridge === "ours",
        );
      },
    },
    {
      name: "another preview: its pages, its storage",
      run: async (frame) => {
        const got = await tries(frame, async ({ other }) => {
          const read = await fetch(`${other}/`, { credentials: "include" }).then(
            (r) => r.text(),
            (error: Error) => error.name,
          );
          const inner = Object.assign(document.createElement("iframe"), { src: `${other}/` });
          document.body.append(inner);
          await new Promise((resolve) => (inner.onload = resolve));
          let storage: string;
          try {
            storage = String(inner.contentWindow?.localStorage.length);
          } catch (error) {
            storage = (error as Error).name;
          }
          inner.remove();
          return { read, storage };
        });
        return refused(`read ${got.read}, storage ${got.storage}`, got.read === "TypeError" && got.storage === "SecurityError");
      },
    },
    {
      name: "another preview by Host header and with the person's own cookie",
      run: async () => {
        const mine = await enterPreview(await ticketOf(projects.hostile.id), studio.port);
        const theirs = await fetchPreview(`${otherOrigin}/`, studio.port, { cookie: mine.cookie });
        const api = await fetchPreview(`${otherOrigin}/api/users/me`, studio.port, { cookie: mine.cookie });
        const unknown = await fetchPreview(`http://nobody.preview.localhost:${studio.port}/`, studio.port, { cookie: mine.cookie });
        const forged = await fetchPreview(`http://evil.example:${studio.port}/api/config`, studio.port);
        return refused(
          `${theirs.status}, ${api.status}, ${unknown.status}, ${forged.status}`,
          theirs.status === 401 && api.status === 401 && unknown.status === 404 && forged.status === 400,
        );
      },
    },
    {
      name: "a ticket used twice, or for another host",
      run: async () => {
        const ticket = new URL(await ticketOf(projects.hostile.id));
        const stolen = await fetchPreview(otherOrigin + ticket.pathname + ticket.search, studio.port);
        const late = await fetchPreview(ticket.href, studio.port);
        const fresh = await ticketOf(projects.hostile.id);
        const [first, second] = [await fetchPreview(fresh, studio.port), await fetchPreview(fresh, studio.port)];
        return refused(
          `stolen ${stolen.status}, then at its own host ${late.status}; once ${first.status}, again ${second.status}`,
          stolen.status === 401 && late.status === 401 && first.status === 303 && second.status === 401,
        );
      },
    },
    {
      name: "an open redirect by the ticket's URL",
      run: async () => {
        const locations: string[] = [];
        for (const path of [
          "//evil.example/",
          "/\\evil.example",
          "https://evil.example/",
          "/%0d%0alocation:%20http://evil.example",
          "javascript:alert(1)",
        ]) {
          const url = new URL(await ticketOf(projects.hostile.id));
          const answer = await fetchPreview(
            `${url.origin}${url.pathname}?ticket=${url.searchParams.get("ticket")}&path=${encodeURIComponent(path)}`,
            studio.port,
          );
          locations.push(answer.headers.get("location") ?? String(answer.status));
        }
        return refused(
          `redirects to ${locations.join(" ")}`,
          locations.every((to) => /^\/(?![/\\])/.test(to)),
        );
      },
    },
  ];

  return [
    {
      name: "a hostile app runs in the preview of the workbench",
      run: async () => {
        browser = await context.openWindow();
        const page = pageOf();
        await page.goto(`${studio.url}/login`);
        await page.getByLabel("Email").fill(owner.email);
        await page.getByLabel("Password", { exact: true }).fill(owner.password);
        await page.keyboard.press("Enter");
        await page.getByRole("textbox", { name: "What do you want to build?" }).waitFor();
        await page.goto(`${studio.url}/p/${projects.hostile.slug}`);
        await page.frameLocator("[data-testid=preview-frame]").getByRole("heading", { name: "Hostile" }).waitFor({ timeout: 60_000 });
      },
    },
    ...attacks.map(({ name, run }) => ({
      name,
      run: async () => note(`blocked: ${await run(await hostileFrame())}`),
    })),
  ];
});
