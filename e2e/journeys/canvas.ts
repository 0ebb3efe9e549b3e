/// <reference lib="dom" />
/** The canvas: adding, connecting, moving and undoing by keyboard, mouse and touch; crashes; share links. */
import { readdirSync, readFileSync } from "node:fs";
import type { Page, Request } from "playwright-core";
import { createProject, finished, signUp, type Account } from "../account.ts";
import { signIn, type WatchedWindow } from "../browser.ts";
import { expect, journey, note, until } from "../journey.ts";
import { expectAccessible, expectNoProblems, animationsEnded, shot } from "../screens.ts";

export default journey({ templates: ["node-api", "static", "react-vite"] }, async (context) => {
  const { studio } = context;
  let browser: WatchedWindow | undefined;
  let account: Account;
  let project: { id: string; slug: string };

  const page = (): Page => (browser as WatchedWindow).page;
  const params = () => ({ id: project.id });
  const node = (name: string) => page().getByRole("group", { name: new RegExp(`^${name}`) });
  const containers = async () => (await account.api.containers.list({ params: params() })).items;
  const connections = async () => (await account.api.connections.list({ params: params() })).items;
  const previews = async () => (await account.api.previews.list({ params: params() })).items;
  const called = async (name: string) => {
    const found = (await containers()).find((container) => container.name === name);
    expect(found, `${name} is on the server`);
    return found;
  };
  const openCanvas = async () => {
    await page().goto(`${studio.url}/p/${project.slug}/canvas`);
    await node("Node API").waitFor();
  };
  /** Changing requests that `action` causes, as `METHOD noun`: waits for `count` of them, and a moment for more. */
  async function writes(action: () => Promise<void>, count = 1): Promise<string[]> {
    const seen: string[] = [];
    const record = (request: Request) => {
      const path = new URL(request.url()).pathname.split("/");
      // Activity is reported at any time.
      if (request.method() !== "GET" && path[2] === "projects" && path[4] !== "activity") seen.push(`${request.method()} ${path[4]}`);
    };
    page().on("request", record);
    await action();
    await until("the expected requests are sent", () => seen.length >= count);
    await page().waitForTimeout(300);
    page().off("request", record);
    return seen;
  }
  const same = (seen: string[], wanted: string[]) => expect(seen.join() === wanted.join(), `requests were ${seen.join(", ") || "none"}`);
  /** Processes of a container on the host, found by their environment. */
  const processesOf = (containerId: string): number[] =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`CONTAINER_ID=${containerId}`);
        } catch {
          return false;
        }
      });

  return [
    {
      name: "a database is added and connected by keyboard only, and undone",
      run: async () => {
        account = await signUp(studio.url);
        project = await createProject(account, "Bakery", "node-api");
        browser = await context.openWindow();
        await signIn(page(), studio.url, account);
        await openCanvas();
        await page().keyboard.press("/");
        await page()
          .getByPlaceholder(/Add a service/)
          .waitFor();
        await page().keyboard.type("postgres");
        await page()
          .getByRole("option", { name: /^PostgreSQL/ })
          .first()
          .waitFor();
        await expectAccessible(page(), "canvas, adding");
        await shot(page(), "canvas-add");
        await page().keyboard.press("Enter");
        await node("PostgreSQL").waitFor();
        await until("the new node has the focus", () => node("PostgreSQL").evaluate((element) => element === document.activeElement));
        const database = await called("PostgreSQL");
        await page().keyboard.press("c");
        await page().getByPlaceholder("Connect to…").waitFor();
        await page().keyboard.type("node");
        await page().keyboard.press("Enter");
        await page()
          .getByRole("button", { name: /Connection: Node API uses PostgreSQL/ })
          .waitFor();
        const [edge] = await connections();
        const app = await called("Node API");
        expect(
          edge?.source_container_id === database.id && edge.target_container_id === app.id,
          "the database is the source, the app the target",
        );
        expect(edge?.env_keys.includes("DATABASE_URL"), "the connection provides DATABASE_URL");
        await expectAccessible(page(), "canvas, connected");
        await shot(page(), "canvas-connected");
        same(await writes(() => page().keyboard.press("ControlOrMeta+z")), ["DELETE connections"]);
        expect((await connections()).length === 0, "the connection is removed");
        same(await writes(() => page().keyboard.press("ControlOrMeta+Shift+z")), ["POST connections"]);
        same(await writes(() => page().keyboard.press("ControlOrMeta+z")), ["DELETE connections"]);
        same(await writes(() => page().keyboard.press("ControlOrMeta+z")), ["DELETE containers"]);
        expect((await containers()).length === 1, "the database is removed");
        same(await writes(() => page().keyboard.press("ControlOrMeta+Shift+z")), ["POST containers"]);
        same(await writes(() => page().keyboard.press("ControlOrMeta+Shift+z")), ["POST connections"]);
        await page()
          .getByRole("button", { name: /Connection: Node API uses PostgreSQL/ })
          .waitFor();
      },
    },
    {
      name: "invalid connections give the reason, before and after trying",
      run: async () => {
        await node("PostgreSQL").focus();
        await page().keyboard.press("c");
        const used = page().getByRole("option", { name: /Node API already uses PostgreSQL/ });
        await used.waitFor();
        // A database only provides.
        expect((await page().getByRole("option").count()) === 1, "nothing is offered that a database could use");
        await used.click();
        await page().getByRole("alert").filter({ hasText: "already uses" }).waitFor();
        expect((await connections()).length === 1, "nothing was connected");
        await page().keyboard.press("Escape");
        await used.waitFor({ state: "detached" });
        // The focus returns first; a panel that opens before that would close again.
        await animationsEnded(page());
        await page().keyboard.press("/");
        await page()
          .getByPlaceholder(/Add a service/)
          .fill("mongo");
        await page()
          .getByRole("option", { name: /MongoDB/ })
          .click();
        await page().getByRole("alert").filter({ hasText: "Docker" }).waitFor();
        await page().keyboard.press("Escape");
        expect((await containers()).length === 2, "nothing was added");
      },
    },
    {
      name: "positions and sizes survive a reload; many moves are one request, and so is tidying",
      run: async () => {
        await page().getByRole("button", { name: "Add preview of Node API" }).click();
        await node("Preview of Node API").waitFor();
        await page().keyboard.press("f");
        await animationsEnded(page());
        const grip = async (name: string, dx: number, dy: number) => {
          const box = await node(name).getByText(name, { exact: true }).first().boundingBox();
          expect(box, `${name} is visible`);
          await page().mouse.move(box.x + 4, box.y + 6);
          await page().mouse.down();
          await page().mouse.move(box.x + 4 + dx / 2, box.y + 6 + dy / 2, { steps: 4 });
          await page().mouse.move(box.x + 4 + dx, box.y + 6 + dy, { steps: 4 });
          await page().mouse.up();
        };
        const before = await called("PostgreSQL");
        same(await writes(() => grip("PostgreSQL", 30, 60)), ["PATCH positions"]);
        const moved = await called("PostgreSQL");
        expect(moved.position_y > before.position_y + 20, "the server has the new position");
        await node("Node API").focus();
        // Like a key that is held down: presses do not wait for each other.
        const nudges = await writes(async () => {
          const { keyboard } = page();
          await keyboard.down("Alt");
          await Promise.all(Array.from({ length: 5 }, () => keyboard.down("ArrowDown")));
          await keyboard.up("ArrowDown");
          await keyboard.up("Alt");
        });
        same(nudges, ["PATCH positions"]);
        // Resize the preview at its lower right corner.
        await node("Preview of Node API").focus();
        await page().keyboard.press(" ");
        const corner = await page().locator(".react-flow__resize-control.bottom.right.handle").boundingBox();
        expect(corner, "a selected preview has resize handles");
        const sized = await writes(async () => {
          await page().mouse.move(corner.x + 4, corner.y + 4);
          await page().mouse.down();
          await page().mouse.move(corner.x + 64, corner.y + 44, { steps: 6 });
          await page().mouse.up();
        });
        same(sized, ["PATCH positions"]);
        const [preview] = await previews();
        expect((preview?.width ?? 0) > 300, "the server has the size");
        const onScreen = () =>
          page().evaluate(() =>
            [...document.querySelectorAll<HTMLElement>(".react-flow__node")]
              .map((element) => `${element.dataset["id"]} ${element.style.transform} ${element.offsetWidth}x${element.offsetHeight}`)
              .sort()
              .join("\n"),
          );
        const then = await onScreen();
        await page().reload();
        await node("Node API").waitFor();
        await until("all positions are the same", async () => (await onScreen()) === then, 8000).catch(async () => {
          throw new Error(`before\n${then}\nafter\n${await onScreen()}`);
        });
        same(await writes(() => page().keyboard.press("l")), ["PATCH positions"]);
        const tidied = await onScreen();
        expect(tidied !== then, "tidying moves nodes");
        await shot(page(), "canvas-tidy");
        same(await writes(() => page().keyboard.press("ControlOrMeta+z")), ["PATCH positions"]);
        expect((await onScreen()) === then, "tidying is undone");
        same(await writes(() => page().keyboard.press("ControlOrMeta+Shift+z")), ["PATCH positions"]);
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "several nodes are selected, moved and deleted together, with undo where possible",
      run: async () => {
        await node("Preview of Node API").focus();
        await page().keyboard.press(" ");
        await page().keyboard.press("Delete");
        await node("Preview of Node API").waitFor({ state: "detached" });
        expect((await previews()).length === 0, "the preview is deleted");
        await page().getByRole("button", { name: "Undo", exact: true }).click();
        await node("Preview of Node API").waitFor();
        expect(((await previews())[0]?.width ?? 0) > 300, "it is restored with its size");
        // The toast returns the focus.
        await animationsEnded(page());
        await node("PostgreSQL").focus();
        await page().keyboard.press("Delete");
        const question = page().getByRole("alertdialog", { name: "Delete PostgreSQL?" });
        await question.waitFor();
        await expectAccessible(page(), "canvas, deleting");
        await question.getByRole("button", { name: "Cancel" }).click();
        expect((await containers()).length === 2, "nothing was deleted yet");
      },
    },
    {
      name: "a crash outside the visible area is shown within two seconds, with its logs and a restart button",
      run: async () => {
        await finished(account.api, (await account.api.projects.start({ params: params() })).task_id);
        await node("Node API, Running").waitFor({ timeout: 15_000 });
        const app = await called("Node API");
        const pids = processesOf(app.id);
        expect(pids.length > 0, "its processes are found");
        for (const pid of pids)
          try {
            process.kill(pid, "SIGKILL");
          } catch {
            // It ended with its parent.
          }
        const at = Date.now();
        await node("Node API, Crashed").waitFor();
        note(`crash shown after ${Date.now() - at} ms`);
        const crashed = node("Node API, Crashed");
        await crashed.getByText(/Crashed \((exit \d+|SIG[A-Z]+)\)/).waitFor();
        await shot(page(), "canvas-crashed");
        await expectAccessible(page(), "canvas, crashed");
        await crashed.getByRole("button", { name: "Logs of Node API" }).click();
        await page().getByRole("log", { name: "Logs of Node API" }).waitFor();
        await page().getByRole("button", { name: "Close bottom panel" }).click();
        await page().reload();
        await node("Node API, Crashed").waitFor();
        await crashed.getByRole("button", { name: "Restart Node API" }).click();
        await node("Node API, Running").waitFor({ timeout: 30_000 });
      },
    },
    {
      name: "a changed variable requires a restart, and its value is never shown again",
      run: async () => {
        await node("Node API").focus();
        await page().keyboard.press("Enter");
        const details = page().getByRole("complementary", { name: "Node API" });
        await details.getByRole("tab", { name: /^Variables/ }).click();
        await details.getByText("From PostgreSQL").first().waitFor();
        await details.getByRole("button", { name: "Add variable", exact: true }).click();
        await details.getByLabel("Name", { exact: true }).fill("GREETING");
        await details.getByLabel("Value", { exact: true }).fill("hello-from-the-canvas");
        await page().keyboard.press("Enter");
        await details.getByText("GREETING", { exact: true }).waitFor();
        await details.getByText("Restart to apply changes.").waitFor();
        await expectAccessible(page(), "canvas, variables");
        await shot(page(), "canvas-env");
        expect(!(await page().content()).includes("hello-from-the-canvas"), "the value is not on the page");
        await details.getByRole("button", { name: "Restart" }).click();
        await details.getByText("Restart to apply changes.").waitFor({ state: "detached", timeout: 30_000 });
        await details.getByRole("tab", { name: "Overview" }).click();
        await details.getByRole("button", { name: "Edit folder" }).click();
        await details.getByLabel("folder", { exact: true }).fill("Orders API");
        await page().keyboard.press("Enter");
        await node("Orders API, Running").waitFor({ timeout: 30_000 });
        const renamed = await called("Orders API");
        expect(renamed.url?.includes("orders-api"), `its address is ${renamed.url}`);
        expect(
          (await account.api.containers.update({ params: { ...params(), container_id: renamed.id }, body: { name: "Node API" } })).name,
          "",
        );
        await page().getByRole("complementary", { name: "Node API" }).waitFor();
        await page().keyboard.press("Escape");
        await page().getByRole("complementary", { name: "Node API" }).waitFor({ state: "detached" });
      },
    },
    {
      name: "an external service requires credentials, which are stored and not shown",
      run: async () => {
        await page().keyboard.press("/");
        await page()
          .getByPlaceholder(/Add a service/)
          .fill("stripe");
        await page().keyboard.press("Enter");
        const form = page().getByRole("form", { name: "Credentials of Stripe" });
        await form.waitFor();
        await form.getByRole("button", { name: "Add Stripe" }).click();
        await form.getByText("This field is required.").waitFor();
        await form.getByLabel("Secret key", { exact: true }).fill("sk_test_4f2c_of_the_bakery");
        await expectAccessible(page(), "canvas, credentials");
        await shot(page(), "canvas-credentials");
        await page().keyboard.press("Enter");
        await node("Stripe, External").waitFor();
        expect(!(await page().content()).includes("sk_test_4f2c"), "the key is not on the page");
        const stripe = await called("Stripe");
        expect(stripe.credentials_id !== null && stripe.status === "connected", "it is stored");
        same(await writes(() => page().keyboard.press("ControlOrMeta+z")), ["DELETE containers"]);
      },
    },
    {
      name: "a preview runs on the canvas, is shared with a visitor without an account, and revoked",
      run: async () => {
        await page().getByRole("button", { name: "Run the preview of Node API" }).click();
        await page().frameLocator("[data-testid=node-frame]").locator("body").waitFor();
        expect((await page().getByTestId("node-frame").count()) === 1, "one live preview");
        await shot(page(), "canvas-live");
        const preview = page()
          .getByTestId("graph-node")
          .filter({ has: page().getByTestId("node-frame") });
        await preview.getByRole("button", { name: "Share Node API" }).click();
        const dialog = page().getByRole("dialog", { name: "Share Node API" });
        await dialog.getByText("No active links").waitFor();
        await dialog.getByLabel("Name", { exact: true }).fill("the bakers");
        await dialog.getByRole("button", { name: "Create link" }).click();
        await dialog.getByText("the bakers").waitFor();
        await expectAccessible(page(), "share dialog");
        await shot(page(), "share");
        const url = await dialog.getByText(/__studio\/share\//).getAttribute("title");
        expect(url, "the link is shown");
        const guest = await context.openWindow();
        await guest.page.goto(url);
        await guest.page.getByText("Ready to be built on").waitFor();
        await page().keyboard.press("Escape");
        await dialog.waitFor({ state: "detached" });
        await page().getByRole("link", { name: "Preview" }).click();
        await page().getByRole("button", { name: "Share preview" }).click();
        await dialog.getByRole("button", { name: /1 visit/ }).click();
        await dialog
          .getByRole("list", { name: "Visits of the bakers" })
          .getByText(/Chrome/)
          .waitFor();
        await shot(page(), "share-visits");
        await dialog.getByRole("button", { name: "Revoke the bakers" }).click();
        await dialog.getByRole("button", { name: "Revoke link" }).click();
        await dialog.getByText("No active links").waitFor();
        const answer = await guest.page.goto(url);
        expect((answer?.status() ?? 0) >= 400, `the revoked link responds with ${answer?.status()}`);
        await guest.close();
        await page().keyboard.press("Escape");
      },
    },
    {
      name: "the list view has everything and can do everything without the drawing",
      run: async () => {
        await openCanvas();
        await page().getByRole("radio", { name: "List" }).click();
        await page().getByRole("list", { name: "Containers" }).getByRole("listitem").nth(1).waitFor();
        await page().getByRole("list", { name: "Connections" }).getByText("PostgreSQL").waitFor();
        await expectAccessible(page(), "canvas as lists");
        await shot(page(), "canvas-list");
        same(await writes(() => page().getByRole("button", { name: "Disconnect Node API from PostgreSQL" }).click()), [
          "DELETE connections",
        ]);
        await page().getByRole("button", { name: "Connect PostgreSQL to…" }).click();
        same(await writes(() => page().keyboard.press("Enter")), ["POST connections"]);
        await page().getByRole("radio", { name: "Graph" }).click();
        await node("Node API").waitFor();
      },
    },
    {
      name: "on a phone: added by tap, moved by touch, no horizontal scrolling, in light and dark",
      run: async () => {
        await page().setViewportSize({ width: 390, height: 844 });
        const touch = await page().context().newCDPSession(page());
        await touch.send("Emulation.setTouchEmulationEnabled", { enabled: true, maxTouchPoints: 5 });
        for (const theme of ["light", "dark"] as const) {
          await page().emulateMedia({ colorScheme: theme });
          await page().goto(`${studio.url}/p/${project.slug}/canvas`);
          await page().getByRole("button", { name: "More" }).click();
          await page().getByRole("menuitem", { name: "Canvas" }).click();
          await node("Node API").waitFor();
          await animationsEnded(page());
          const overflow = await page().evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          expect(overflow <= 0, `${overflow} px too wide`);
          await expectAccessible(page(), `canvas on a phone, ${theme}`);
          await shot(page(), `canvas-${theme}-m`);
        }
        const box = await page().getByTestId("graph-node").filter({ hasText: "PostgreSQL" }).getByText("PostgreSQL").first().boundingBox();
        expect(box, "the database is visible");
        const before = await called("PostgreSQL");
        const finger = (type: "touchStart" | "touchMove" | "touchEnd", x: number, y: number) =>
          touch.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x, y }] });
        const moved = await writes(async () => {
          await finger("touchStart", box.x + 4, box.y + 4);
          for (let step = 1; step <= 6; step++) await finger("touchMove", box.x + 4, box.y + 4 + step * 10);
          await finger("touchEnd", 0, 0);
        });
        same(moved, ["PATCH positions"]);
        expect((await called("PostgreSQL")).position_y > before.position_y, "it follows the finger");
        await page().getByRole("button", { name: "Add", exact: true }).click();
        await page()
          .getByPlaceholder(/Add a service/)
          .fill("redis");
        await page()
          .getByRole("option", { name: /^Redis/ })
          .first()
          .click();
        await node("Redis").waitFor();
        await page().setViewportSize({ width: 1440, height: 900 });
        await animationsEnded(page());
        await page().keyboard.press("f");
        await animationsEnded(page());
        await expectAccessible(page(), "canvas dark");
        await shot(page(), "canvas-dark-d");
        expectNoProblems(browser as WatchedWindow);
      },
    },
  ];
});
