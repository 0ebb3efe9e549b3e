/** The workbench besides chat and code: project settings, secrets, terminals, logs, problems, crashes and activity. */
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { createProject, finished, signUp } from "../account.ts";
import { signIn, type WatchedWindow } from "../browser.ts";
import { expect, journey, note, until } from "../journey.ts";
import { checkScreens, expectAccessible, expectNoProblems, animationsEnded, shot } from "../screens.ts";
import { enterPreview } from "../preview.ts";

export default journey({ templates: ["node-api"] }, async (context) => {
  const { studio } = context;
  const person = await signUp(studio.url);
  const project = await createProject(person, "Desk", "node-api");
  let browser: WatchedWindow | undefined;
  const planted = "sk_live_planted_0123456789";

  const open = async (path: string): Promise<Page> => {
    const { page } = browser as WatchedWindow;
    await page.goto(`${studio.url}${path}`);
    return page;
  };

  /** Processes of a container's service on the host: the first one was started by the runtime. */
  const processesOf = (containerId: string): number[] =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const belongsToContainer = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`CONTAINER_ID=${containerId}`);
          return belongsToContainer && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("nodemon");
        } catch {
          return false;
        }
      })
      .map(Number)
      .sort((a, b) => a - b);
  /** An API that logs continuously. */
  const tickingSource = `import { serve } from "@hono/node-server";
import { Hono } from "hono";
const app = new Hono();
let n = 0;
setInterval(() => console.log("\\u001b[32mtick\\u001b[0m", ++n), 200);
console.error("planted is", process.env.STRIPE_KEY);
app.get("/", (c) => c.html("<!doctype html><title>Desk</title><h1>Desk</h1>"));
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: "0.0.0.0" });
`;
  const printed = (page: Page) =>
    page
      .locator(".xterm-rows")
      .innerText()
      .catch(() => "");

  return [
    {
      name: "settings: a project is renamed; its secrets are pasted with a preview, added, replaced and deleted, and never shown",
      run: async () => {
        browser = await context.openWindow();
        const { page } = browser;
        await signIn(page, studio.url, person);
        await open(`/p/${project.slug}`);
        await page.getByRole("heading", { name: "The app is stopped" }).click();
        await page.keyboard.press("g");
        await page.keyboard.press("8");
        await page.waitForURL(/\/settings$/);
        const name = page.getByLabel("Name", { exact: true }).first();
        await name.fill("Desk of Nadia");
        await page.getByLabel("Description").fill("Where things are kept.");
        await page.getByRole("button", { name: "Save", exact: true }).click();
        await page.getByRole("heading", { name: /Desk of Nadia/ }).waitFor();

        await page.getByRole("button", { name: "Paste .env" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel(".env text").fill(`# keys\nSTRIPE_KEY=${planted}\nMAIL_FROM="a@b.org"\nPATH=/bin\nnonsense\n`);
        await dialog.getByRole("list", { name: "Preview" }).getByText("PATH, LD_PRELOAD").waitFor();
        await dialog.getByText("2 new, 0 replaced, 2 skipped").waitFor();
        expect(!(await dialog.getByRole("list", { name: "Preview" }).innerText()).includes(planted), "the preview shows no value");
        await expectAccessible(page, "paste dialog");
        await shot(page, "desk-paste-env");
        await dialog.getByRole("button", { name: "Import 2 secrets" }).click();
        const list = page.getByRole("list", { name: "Secrets" });
        await list.getByText("STRIPE_KEY").waitFor();
        expect((await list.getByRole("listitem").count()) === 2, "two secrets");

        await page.getByLabel("Name", { exact: true }).last().fill("1BAD");
        await page.getByLabel("Value", { exact: true }).fill("x");
        await page.getByRole("button", { name: "Add secret" }).click();
        await page.getByText("must not start with a digit").waitFor();
        await page.getByLabel("Name", { exact: true }).last().fill("EXTRA_KEY");
        await page.getByLabel("Value", { exact: true }).fill("extra-value");
        await page.keyboard.press("Enter");
        await list.getByText("EXTRA_KEY").waitFor();
        await list.getByRole("button", { name: "Replace STRIPE_KEY" }).click();
        await page.getByLabel("New value of STRIPE_KEY").fill(`${planted}_2`);
        await shot(page, "desk-replace");
        await page.keyboard.press("Enter");
        await page.getByText("STRIPE_KEY replaced.").waitFor();
        await list.getByRole("button", { name: "Delete EXTRA_KEY" }).click();
        await page.getByRole("alertdialog").getByRole("button", { name: "Delete secret" }).click();
        await list.getByText("EXTRA_KEY").waitFor({ state: "detached" });
        // From the event stream: another client's change appears without a reload.
        await person.api.secrets.set({ params: { project_id: project.id }, body: { key: "FROM_ELSEWHERE", value: "elsewhere" } });
        await list.getByText("FROM_ELSEWHERE").waitFor({ timeout: 3000 });
        expect(!(await page.content()).includes("planted"), "no value on the page");
        await expectAccessible(page, "project settings");
        await checkScreens(page, "desk-settings");
        expectNoProblems(browser);
      },
    },
    {
      name: "settings: a container's variables and port; a running one shows that a restart is needed, and one click applies it",
      run: async () => {
        const { page } = browser as WatchedWindow;
        const { task_id } = await person.api.projects.start({ params: { id: project.id } });
        await finished(person.api, task_id);
        const [container] = (await person.api.containers.list({ params: { id: project.id } })).items;
        const box = page.getByRole("region", { name: container?.name ?? "" });
        await box.getByText("Running").waitFor();
        await box.getByRole("button", { name: "Add variable" }).click();
        await box.getByLabel("Name", { exact: true }).fill("OWN_FLAG");
        await box.getByLabel("Value", { exact: true }).fill("own-value-1");
        await page.keyboard.press("Enter");
        await box.getByRole("list").getByText("OWN_FLAG").waitFor();
        await page.getByText("still uses the old values").waitFor();
        await box.getByText("Restart needed").waitFor();
        await shot(page, "desk-restart-needed");
        await page.getByRole("button", { name: "Restart to apply" }).click();
        await page.getByText("still uses the old values").waitFor({ state: "detached", timeout: 60_000 });
        await box.getByText("Running").waitFor({ timeout: 60_000 });
        await box.getByRole("button", { name: "Delete OWN_FLAG" }).click();
        await page.getByRole("alertdialog").getByRole("button", { name: "Delete variable" }).click();
        await box.getByText("OWN_FLAG").waitFor({ state: "detached" });
        await box.getByLabel("Port").fill("99999");
        await box.getByRole("button", { name: "Save port" }).click();
        await box.getByText("from 1 to 65535").waitFor();
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "settings: a project is deleted only after its name was typed",
      run: async () => {
        const doomed = await createProject(person, "Doomed", "static");
        const page = await open(`/p/${doomed.slug}/settings`);
        await page.getByRole("button", { name: "Delete project…" }).click();
        const dialog = page.getByRole("alertdialog");
        const deleteButton = dialog.getByRole("button", { name: "Delete project" });
        expect(await deleteButton.isDisabled(), "disabled until the name is typed");
        await dialog.getByLabel(/Type/).fill("Doomed");
        await shot(page, "desk-delete");
        await deleteButton.click();
        await page.waitForURL(/\/projects$/);
        await until("the project is deleted", async () => (await person.api.projects.list({})).items.every((p) => p.id !== doomed.id));
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "terminal: a command survives closing the view and a reload, shells keep their names, Ctrl+F searches, and there is one socket",
      run: async () => {
        const page = await open(`/p/${project.slug}`);
        const sockets = new Set<string>();
        page.on("websocket", (socket) => {
          if (!socket.url().includes("/api/shell/ws/")) return;
          sockets.add(socket.url());
          socket.on("close", () => sockets.delete(socket.url()));
        });
        await page.getByRole("navigation", { name: "Views" }).waitFor();
        await animationsEnded(page);
        await page.keyboard.press("Control+`");
        const terminal = page.locator(".xterm");
        await terminal.waitFor({ timeout: 15_000 });
        await terminal.click();
        await page.keyboard.type("sleep 5; echo done-$((40+2))\n");
        await page.getByRole("link", { name: "Code" }).click();
        await page.getByTestId("file-row").first().waitFor();
        await page.reload();
        await until("the end of the command", async () => (await printed(page)).includes("done-42"), 20_000);
        expect(((await printed(page)).match(/done-42/g) ?? []).length === 1, "printed once");
        expect(sockets.size === 1, `${sockets.size} shell sockets`);

        const shells = page.getByRole("group", { name: "Terminals" });
        await page.getByRole("button", { name: "New terminal" }).click();
        await until("a second shell", async () => (await shells.getByRole("button", { name: /^Close terminal/ }).count()) === 2);
        await shells
          .getByRole("button", { name: /Node API 2/ })
          .first()
          .dblclick();
        await page.getByLabel(/^Name of terminal/).fill("tests");
        await page.keyboard.press("Enter");
        await shells.getByRole("button", { name: "tests", exact: true }).waitFor();
        await until("one socket again", () => sockets.size === 1, 5000);
        await terminal.click();
        await page.keyboard.type("echo second-$((1+1)); echo src/index.ts:3:1\n");
        await until("its echo", async () => (await printed(page)).includes("second-2"), 10_000);
        await page.reload();
        await shells.getByRole("button", { name: "tests", exact: true }).waitFor();
        expect(
          (await shells.getByRole("button", { name: "tests", exact: true }).getAttribute("aria-current")) === "true",
          "the same shell",
        );
        await until("its scrollback", async () => (await printed(page)).includes("second-2"), 10_000);
        await shells
          .getByRole("button", { name: /Node API/ })
          .first()
          .click();
        await until("the first one's scrollback", async () => (await printed(page)).includes("done-42"), 10_000);
        await terminal.click();
        await page.keyboard.press("Control+f");
        await page.getByLabel("Find in terminal").fill("done-42");
        await until("the match is highlighted", async () => (await page.locator(".xterm-selection div").count()) > 0, 5000);
        await shot(page, "desk-terminal-find");
        await page.keyboard.press("Escape");
        // Select a word of the output with the mouse.
        const screen = await page.locator(".xterm-screen").boundingBox();
        const text = await page.locator(".xterm-rows").getByText("done-42", { exact: false }).last().boundingBox();
        expect(screen && text, "the word is on the screen");
        await page.mouse.dblclick(text.x + 12, text.y + text.height / 2);
        await page.getByRole("button", { name: "Add to chat" }).click();
        const draft = page.getByRole("textbox", { name: "Message to the agent" });
        await until("the selection in the composer", async () => /done-42/.test(await draft.inputValue()));
        await draft.fill("");
        await expectAccessible(page, "terminal");
        await checkScreens(page, "desk-terminal", { view: "Terminal" });
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "layout: code beside the preview, tabs behind More, a terminal button, and a chat of its own width beside the timeline",
      run: async () => {
        const page = await open(`/p/${project.slug}/preview`);
        const views = page.getByRole("navigation", { name: "Views" });
        await views.waitFor();
        await page.keyboard.press("Control+Backslash");
        const edge = page.getByRole("separator", { name: "Preview width" });
        await edge.waitFor();
        await page.getByRole("region", { name: "Code", exact: true }).waitFor();
        const before = Number(await edge.getAttribute("aria-valuenow"));
        await edge.focus();
        await page.keyboard.press("ArrowLeft");
        await until("a narrower preview", async () => Number(await edge.getAttribute("aria-valuenow")) === before - 16);
        await checkScreens(page, "desk-split");
        await page.reload();
        await until("the remembered split", async () => Number(await edge.getAttribute("aria-valuenow")) === before - 16);
        // The menu below closes when the bar changes.
        const board = views.getByRole("link", { name: "Board" });
        await board.waitFor();
        await page.setViewportSize({ width: 1024, height: 800 });
        await board.waitFor({ state: "hidden" });
        const more = views.getByRole("button", { name: /^More/ });
        await more.click();
        await shot(page, "desk-more");
        await page.getByRole("menuitem", { name: "Project settings" }).click();
        await page.waitForURL(/\/settings$/);
        await views.getByRole("link", { name: "Project settings" }).waitFor();
        await page.setViewportSize({ width: 1440, height: 900 });
        await views.getByRole("link", { name: "Timeline" }).click();
        await page.getByRole("region", { name: "Chat, collapsed" }).waitFor();
        await expectAccessible(page, "timeline with the collapsed chat");
        await views.getByRole("link", { name: "Preview" }).click();
        await page.getByRole("region", { name: "Chat", exact: true }).waitFor();
        await page.getByRole("button", { name: "Code next to preview" }).click();
        await edge.waitFor({ state: "detached" });
        const terminal = page.getByRole("button", { name: "Terminal", exact: true });
        const isOpen = (await terminal.getAttribute("aria-pressed")) === "true";
        await terminal.click();
        await until("the panel opens or closes", async () => (await terminal.getAttribute("aria-pressed")) === String(!isOpen));
        if (isOpen) await terminal.click();
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "logs: live, coloured, filtered, paused, copied and downloaded",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await person.api.files.put({ params: { id: project.id, path: "src/index.ts" }, body: { content: tickingSource } });
        await page.getByRole("tab", { name: "Logs" }).click();
        const log = page.getByRole("log", { name: /Logs of/ });
        await log.getByText("tick").first().waitFor({ timeout: 20_000 });
        await log.getByText("[secret:STRIPE_KEY]").first().waitFor();
        const color = await log
          .getByText("tick", { exact: true })
          .last()
          .evaluate((e) => getComputedStyle(e).color !== getComputedStyle(e.parentElement as HTMLElement).color);
        expect(color, "tick is green");
        await page.getByLabel("Filter logs").fill("planted is");
        await page.getByText(/^\d+ of \d+ lines$/).waitFor();
        expect((await log.getByText("tick").count()) === 0, "only matching lines are shown");
        await shot(page, "desk-logs-filter");
        await page.keyboard.press("Escape");
        await log.getByText("tick").first().waitFor();
        await page.getByRole("button", { name: "Pause" }).click();
        await animationsEnded(page);
        const before = await log.getByRole("listitem").count();
        await page.waitForTimeout(900);
        expect((await log.getByRole("listitem").count()) === before, "paused");
        await page.getByRole("button", { name: "Resume" }).click();
        await until("missed and new lines", async () => (await log.getByRole("listitem").count()) > before + 4, 8000);
        const ticks = (await log.innerText()).match(/tick \d+/g) ?? [];
        expect(new Set(ticks).size === ticks.length, "no line twice");
        const waiting = page.waitForEvent("download");
        await page.getByRole("button", { name: "Download logs" }).click();
        const file = await (await waiting).path();
        const text = await readFile(file, "utf8");
        expect(/T\d\d:\d\d:.*tick \d+/.test(text) && !text.includes("\u001b") && !text.includes("planted_"), "the file contains the lines");
        await expectAccessible(page, "logs");
        await checkScreens(page, "desk-logs", { view: "Logs" });
        await page.getByRole("button", { name: "Clear logs" }).click();
        await until("a cleared list", async () => (await log.getByRole("listitem").count()) < 8, 3000);
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "logs: a stream that ends, as when the server restarts, is reopened",
      run: async () => {
        const { page } = browser as WatchedWindow;
        const logs = "**/api/projects/*/containers/*/logs?*";
        let requests = 0;
        await page.route(logs, (route) =>
          requests++ === 0 ? route.fulfill({ contentType: "text/event-stream", body: "" }) : route.continue(),
        );
        await page.getByRole("button", { name: "Pause" }).click();
        const lines = page.getByRole("log", { name: /Logs of/ }).getByRole("listitem");
        const before = await lines.count();
        await page.getByRole("button", { name: "Resume" }).click();
        await until("lines of the second stream", async () => requests > 1 && (await lines.count()) > before + 4, 20_000);
        await page.unroute(logs);
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "problems: an error of the program is a row with its location, which opens the file at that line",
      run: async () => {
        const { page } = browser as WatchedWindow;
        const broken = `${tickingSource}app.get("/fail", () => {\n  throw new TypeError("no such thing");\n});\n`;
        await person.api.files.put({ params: { id: project.id, path: "src/index.ts" }, body: { content: broken } });
        await page.getByRole("tab", { name: "Problems" }).click();
        let last = "";
        await until("the new version runs and fails", async () => {
          const [{ url } = { url: null }] = (await person.api.containers.list({ params: { id: project.id } })).items;
          const { url: entry } = await person.api.previews.ticket({ params: { id: project.id }, body: { path: "/fail" } });
          expect(url && entry, "a URL");
          const visit = await enterPreview(entry, studio.port);
          last = `${visit.status} ${visit.body.slice(0, 200)}`;
          return visit.status === 500;
        }).catch((error: unknown) => {
          throw new Error(`${String(error)}; it responded with ${last}`);
        });
        const row = page.getByRole("tabpanel", { name: "Problems" }).getByRole("listitem").filter({ hasText: "TypeError: no such thing" });
        await row.waitFor({ timeout: 5000 });
        await page.getByRole("tab", { name: /Problems.*1/ }).waitFor();
        await row.getByRole("button", { name: /no such thing/ }).click();
        await row.getByText("at ").first().waitFor();
        await shot(page, "desk-problems");
        await expectAccessible(page, "problems");
        await row.getByRole("button", { name: /^src\/index\.ts:10:\d+$/ }).click();
        const line = page.locator(".cm-activeLine");
        await line.waitFor();
        expect((await line.innerText()).includes("no such thing"), await line.innerText());
        await checkScreens(page, "desk-problems-place");
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "a killed container is shown as crashed with its exit code within two seconds, with its logs and a restart button",
      run: async () => {
        const { page } = browser as WatchedWindow;
        const [container] = (await person.api.containers.list({ params: { id: project.id } })).items;
        await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Preview" }).click();
        // The program was restarted with the changed file; the page does not know.
        await page.reload();
        await page.frameLocator("[data-testid=preview-frame]").getByRole("heading", { name: "Desk" }).waitFor({ timeout: 30_000 });
        const [first] = processesOf(container?.id ?? "");
        if (!first) {
          note("the service's process cannot be seen from here: skipped");
          return;
        }
        const killed = Date.now();
        process.kill(first, "SIGKILL");
        const status = page.locator("footer[aria-label=Status]");
        await status.getByText("Crashed (exit 137)").waitFor();
        note(`crash shown after ${Date.now() - killed} ms`);
        await page.getByRole("heading", { name: "The app crashed (exit 137)" }).waitFor();
        await page.getByRole("button", { name: "App status: Crashed" }).waitFor();
        await checkScreens(page, "desk-crashed", { view: "Problems" });
        await expectAccessible(page, "crashed");
        await page.reload();
        await page.getByRole("heading", { name: "The app crashed (exit 137)" }).waitFor({ timeout: 10_000 });
        await status.getByRole("button", { name: /^Logs of/ }).click();
        await page
          .getByRole("log", { name: /Logs of/ })
          .getByText("exited with code 137")
          .waitFor({ timeout: 5000 });
        await status.getByRole("button", { name: /^Restart/ }).click();
        await page.frameLocator("[data-testid=preview-frame]").getByRole("heading", { name: "Desk" }).waitFor({ timeout: 60_000 });
        expect((await status.getByText("Crashed").count()) === 0, "the status has recovered");
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "activity: running tasks are listed with progress and can be cancelled; ended ones show their result",
      run: async () => {
        const { page } = browser as WatchedWindow;
        // A service that never listens keeps its start going.
        await person.api.files.put({
          params: { id: project.id, path: "src/index.ts" },
          body: { content: "setInterval(() => {}, 1000);\n" },
        });
        await person.api.projects.stop({ params: { id: project.id } });
        await person.api.projects.start({ params: { id: project.id } });
        await page.getByRole("button", { name: "1 operation is running" }).click();
        const list = page.getByRole("list", { name: "Operations" });
        await list.getByRole("progressbar", { name: "Starting project" }).waitFor();
        await until("its progress", async () => /Waiting for/.test(await list.innerText()), 15_000);
        await shot(page, "desk-activity");
        await expectAccessible(page, "activity");
        await list.getByRole("button", { name: "Cancel: Starting project" }).click();
        await list.getByText("Canceled").waitFor({ timeout: 15_000 });
        await page.getByRole("button", { name: "Operations", exact: true }).waitFor();
        await checkScreens(page, "desk-activity-ended");
        const { containers } = await person.api.projects.status({ params: { id: project.id } });
        expect(
          Object.values(containers).every((c) => !c.running),
          "nothing of the start is left running",
        );
        expectNoProblems(browser as WatchedWindow);
      },
    },
  ];
});
