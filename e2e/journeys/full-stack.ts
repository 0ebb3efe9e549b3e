/// <reference lib="dom" />
/** The template of several containers: created by prompt, used in its preview, and deployed to this server with a database of its own. */
import type { FrameLocator, Page } from "playwright-core";
import { say, script } from "@tesslate/testkit";
import { finished, signUp, type Account } from "../account.ts";
import { signIn, type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens, expectAccessible, expectNoProblems, shot } from "../screens.ts";
import { runInTerminal } from "../terminal.ts";

const password = "correct horse battery";

export default journey({ templates: ["full-stack"] }, async (context) => {
  const { studio, model } = context;
  model.setScript(script([say("The app has accounts, notes and files.")]));
  const account: Account = await signUp(studio.url, "Stack");
  const watched: WatchedWindow = await context.openWindow();
  const { page } = watched;
  let projectId = "";
  let slug = "";
  let site = "";
  let adminPassword = "";

  const preview = (): FrameLocator => page.frameLocator("[data-testid=preview-frame]");
  /** Creates an account in the app and writes a note, in a frame or in a page. */
  const useApp = async (app: FrameLocator | Page, email: string, text: string) => {
    await app.getByRole("link", { name: "Create account" }).click({ timeout: 90_000 });
    await app.getByLabel("Name").fill("Ada");
    await app.getByLabel("Email").fill(email);
    await app.getByLabel("Password").fill(password);
    await app.getByRole("button", { name: "Create account" }).click();
    await app.getByLabel("New note").fill(text, { timeout: 15_000 });
    await app.getByRole("button", { name: "Add note" }).click();
    await app.getByRole("list", { name: "Notes" }).getByText(text).waitFor();
  };
  const called = async (wanted: string) =>
    (await account.api.containers.list({ params: { id: projectId } })).items.find(({ name }) => name === wanted);

  return [
    {
      name: "a prompt with the template creates a page, an API and a database",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.getByRole("button", { name: /^Start from/ }).click();
        await page.getByRole("menuitemradio", { name: /^Full-stack app/ }).click();
        await page.getByRole("textbox", { name: "What do you want to build?" }).fill("An app with accounts");
        await page.getByRole("button", { name: /^Build/ }).click();
        await page.waitForURL(/\/p\//);
        slug = new URL(page.url()).pathname.split("/")[2] ?? "";
        projectId = (await account.api.projects.get({ params: { id: slug } })).id;
        await until(
          "the project is set up",
          async () => (await account.api.projects.get({ params: { id: projectId } })).environment_status !== "provisioning",
          240_000,
        );
        const { items } = await account.api.containers.list({ params: { id: projectId } });
        expect(items.map(({ name }) => name).join() === "Web,API,PostgreSQL", `containers: ${items.map(({ name }) => name).join()}`);
        expect((await account.api.connections.list({ params: { id: projectId } })).total === 2, "they are connected");
        await finished(account.api, (await account.api.projects.start({ params: { id: projectId } })).task_id);
      },
    },
    {
      name: "the canvas shows the three containers and their connections",
      run: async () => {
        await page.goto(`${studio.url}/p/${slug}/canvas`);
        for (const name of ["Web", "API", "PostgreSQL"])
          await page
            .getByRole("group", { name: new RegExp(`^${name}`) })
            .first()
            .waitFor();
        await checkScreens(page, "full-stack-canvas", { variants: ["light-d", "dark-d"] });
      },
    },
    {
      name: "inside the preview, a visitor signs up, and their note is there after a reload",
      run: async () => {
        await page.goto(`${studio.url}/p/${slug}`);
        await useApp(preview(), "ada@example.com", "Written in the preview");
        await shot(page, "full-stack-preview");
        await page.reload();
        await preview().getByRole("list", { name: "Notes" }).getByText("Written in the preview").waitFor({ timeout: 30_000 });
        expect((await called("PostgreSQL"))?.status === "running", "the database runs");
      },
    },
    {
      name: "a visitor uploads a file and downloads it",
      run: async () => {
        const app = preview();
        await app.getByRole("link", { name: "Files" }).click();
        await app
          .getByLabel(/^Upload a file/)
          .setInputFiles({ name: "menu.txt", mimeType: "text/plain", buffer: Buffer.from("Rye bread, 4.20") });
        await app.getByRole("button", { name: "Upload", exact: true }).click();
        const link = app.getByRole("table", { name: "Files" }).getByRole("link", { name: "menu.txt" });
        await link.waitFor();
        const content = await link.evaluate(async (element) => (await fetch((element as HTMLAnchorElement).href)).text());
        expect(content === "Rye bread, 4.20", `downloaded: ${content}`);
      },
    },
    {
      name: "in the terminal of the API its tests pass, a migration is written, and the seed creates an administrator",
      run: async () => {
        const terminal = (command: string) => runInTerminal(account, studio.url, projectId, "api", `cd .. && ${command}`);
        const tested = await terminal("npm test -- --reporter=json --outputFile=/tmp/tests.json >/dev/null && cat /tmp/tests.json");
        const { numPassedTests, numPendingTests } = JSON.parse(tested.slice(tested.indexOf("{"))) as Record<string, number>;
        expect((numPassedTests ?? 0) >= 10 && numPendingTests === 0, `${numPassedTests} tests passed, ${numPendingTests} were skipped`);

        const schema = await account.api.files.get({ params: { id: projectId, path: "server/schema.ts" } });
        expect(typeof schema.content === "string", "the schema is a text");
        await account.api.files.put({
          params: { id: projectId, path: "server/schema.ts" },
          body: {
            content: `${schema.content}\nexport const tag = pgTable("tags", { id: uuid().primaryKey().defaultRandom(), name: text().notNull() });\n`,
          },
        });
        await terminal("npm run db:generate -- --name tags");
        await finished(
          account.api,
          (await account.api.containers.restart({ params: { id: projectId, container_id: (await called("API"))?.id ?? "" } })).task_id,
        );
        const tables = `import pg from "pg"; const c = new pg.Client(process.env.DATABASE_URL); await c.connect(); console.log((await c.query("select relname from pg_class where relname = $1", ["tags"])).rows[0]?.relname); await c.end();`;
        const found = await terminal(`node --input-type=module -e '${tables}'`);
        expect(found.trim() === "tags", `the API applied the migration when it started: ${found}`);

        const seeded = await terminal("npm run --silent seed -- root@example.com");
        adminPassword = /shown only once:\s+(\S+)/.exec(seeded)?.[1] ?? "";
        expect(adminPassword !== "", `the seed printed: ${seeded}`);
        expect((await terminal("npm run --silent seed -- root@example.com")).includes("exists already"), "seeding again changes nothing");
      },
    },
    {
      name: "the administrator sees every user in the preview, and makes another one an administrator",
      run: async () => {
        const app = preview();
        await app.getByRole("button", { name: "Sign out" }).click();
        await app.getByRole("link", { name: "Sign in" }).first().click();
        await app.getByLabel("Email").fill("root@example.com");
        await app.getByLabel("Password").fill(adminPassword);
        await app.getByRole("main").getByRole("button", { name: "Sign in" }).click();
        await app.getByRole("list", { name: "Notes" }).getByText("Read AGENTS.md").waitFor();
        await app.getByRole("link", { name: "Admin" }).click();
        const row = app.getByRole("table", { name: "Users" }).getByRole("row", { name: /^ada@example\.com User 1 1/ });
        await row.getByRole("button", { name: "Make admin" }).click();
        await app.getByRole("row", { name: /^ada@example\.com Admin/ }).waitFor();
        await shot(page, "full-stack-admin");
      },
    },
    {
      name: "one click deploys the page and the API with a database of their own",
      run: async () => {
        await page.locator(".workbench-top").getByRole("button", { name: "Deploy", exact: true }).click();
        const sheet = page.getByRole("dialog");
        await sheet.getByRole("radio", { name: /^This server/ }).click();
        await sheet.getByText("The deployed app gets its own PostgreSQL. Its data is separate from the preview's.").waitFor();
        await checkScreens(page, "full-stack-deploy", { variants: ["light-d", "light-m"] });
        await sheet.getByRole("button", { name: "Deploy to this server" }).click();
        const ended = await until(
          "the deployment ends",
          async () =>
            (await account.api.deployments.list({ params: { project_id: projectId }, query: { include_logs: true } })).items.find(
              ({ status }) => ["success", "failed"].includes(status),
            ),
          300_000,
        );
        expect(ended.status === "success", `${ended.error}\n${JSON.stringify(ended.metadata)}\n${JSON.stringify(ended.logs)}`);
        site = ended.deployment_url ?? "";
        expect(ended.container_id === (await called("Web"))?.id, "it is the page's");
      },
    },
    {
      name: "the deployed app works, and its data is separate from the preview's",
      run: async () => {
        const visitor = await context.openWindow();
        await visitor.page.goto(site);
        await visitor.page.getByRole("link", { name: "Sign in" }).click();
        await visitor.page.getByLabel("Email").fill("ada@example.com");
        await visitor.page.getByLabel("Password").fill(password);
        await visitor.page.getByRole("button", { name: "Sign in" }).click();
        await visitor.page.getByRole("alert").waitFor();
        await useApp(visitor.page, "grace@example.com", "Written in production");
        await expectAccessible(visitor.page, "the deployed app");
        await shot(visitor.page, "full-stack-deployed");
        await visitor.page.reload();
        const notes = visitor.page.getByRole("list", { name: "Notes" });
        await notes.getByText("Written in production").waitFor();
        // Visitors are served while the project is stopped.
        await account.api.projects.stop({ params: { id: projectId } });
        await visitor.page.reload();
        await notes.getByText("Written in production").waitFor();
        await visitor.close();
      },
    },
    { name: "the page had no problems", run: async () => expectNoProblems(watched) },
  ];
});
