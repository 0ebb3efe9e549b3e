/// <reference lib="dom" />
/** Deployments: connecting an account, live logs, rollbacks, failures and their fixes, targets on the canvas. */
import type { Deployment } from "@tesslate/contract";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { vercelConsentUrl } from "../services.ts";
import { checkScreens, expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({ hasMain: true }, async (context) => {
  const { netlify, vercel } = context.services;
  const authorizeUrl = vercelConsentUrl;
  const { studio, account, project, watched, page } = await context.openProject();
  const params = { id: project.id };
  const write = (path: string, content: string) => account.api.files.put({ params: { ...params, path }, body: { content } });
  const pageText = (text: string) => `<!doctype html><html lang="en"><title>Bakery</title><main><h1>${text}</h1></main></html>\n`;
  let written = "";
  const writePage = async (text: string) => {
    await write("index.html", pageText(text));
    written = text;
  };
  const listed = async (): Promise<readonly Deployment[]> =>
    (await account.api.deployments.list({ params: { project_id: project.id }, query: {} })).items;
  const top = () => page.locator(".workbench-top");
  const sheet = () => page.getByRole("dialog");
  const version = (n: number, target: string) =>
    page.getByRole("region", { name: new RegExp(`on ${target}$`) }).locator(`[data-testid=version][data-version="${n}"]`);
  const openDeploys = async (query = "") => page.goto(`${studio.url}/p/${project.slug}/deploys${query}`);
  const openForm = async (provider: RegExp) => {
    await top().getByRole("button", { name: "Deploy", exact: true }).click();
    await sheet().getByRole("radio", { name: provider }).click();
  };
  const ended = (n: number, provider: string) =>
    until(
      `v${n} at ${provider} ends`,
      async () => (await listed()).find((d) => d.version === n && d.provider === provider && ["success", "failed"].includes(d.status)),
      40_000,
    );
  const node = (name: string | RegExp) => page.getByRole("group", { name });

  return [
    {
      isMain: true,
      name: "a new project has no deployments",
      run: async () => {
        // Plain files: builds are tested below.
        await account.api.files.remove({ params: { ...params, path: "package.json" } });
        await writePage("One");
        await signIn(page, studio.url, account);
        await openDeploys();
        await page.getByRole("heading", { name: "No deployments yet" }).waitFor();
        await shot(page, "deploys-empty");
        await expectAccessible(page, "deploys, empty");
      },
    },
    {
      name: "connecting an account keeps the form's input",
      run: async () => {
        await openForm(/^Netlify/);
        await sheet().getByLabel("Custom domain").fill("bakery.example.org");
        const connect = sheet().getByRole("region", { name: "Connect Netlify" });
        await connect.getByLabel("API token").fill("tok_of_nobody");
        await connect.getByRole("button", { name: "Connect", exact: true }).click();
        await connect.getByRole("alert").waitFor();
        await checkScreens(page, "deploy-connect", { variants: ["light-m"] });
        await connect.getByLabel("API token").fill(netlify.token);
        await connect.getByRole("button", { name: "Connect", exact: true }).click();
        await connect.waitFor({ state: "detached" });
        expect((await sheet().getByLabel("Custom domain").inputValue()) === "bakery.example.org", "the domain is still there");
        await sheet().getByLabel("Custom domain").fill("");
        await page.locator("body").evaluate((body, token) => {
          if (body.innerHTML.includes(token)) throw new Error("the token is on the page");
        }, netlify.token);
      },
    },
    {
      name: "a deployment shows steps and lines live, the button shows progress when the drawer is closed, and the URL appears",
      run: async () => {
        netlify.plan({ polls: 4 });
        await sheet().getByRole("button", { name: "Deploy to Netlify" }).click();
        await sheet().getByRole("list", { name: "Steps" }).waitFor();
        await sheet().getByRole("log").getByText("Deployment started").waitFor();
        await shot(page, "deploy-going");
        await page.keyboard.press("Escape");
        await sheet().waitFor({ state: "detached" });
        await top().getByRole("button", { name: /^v1 / }).click();
        await sheet()
          .getByRole("log")
          .getByText(/Version 1 is live/)
          .waitFor({ timeout: 30_000 });
        const outcome = sheet().getByRole("region", { name: "Outcome" });
        await outcome.getByText("v1 is live.").waitFor();
        const url = (await ended(1, "netlify")).deployment_url ?? "";
        expect((await outcome.getByRole("link", { name: "Open" }).getAttribute("href")) === url, "the link has its URL");
        await outcome.getByRole("button", { name: "QR code" }).click();
        await outcome.getByRole("img", { name: /QR code of/ }).waitFor();
        await checkScreens(page, "deploy-done", { variants: ["dark-d", "light-m"] });
        await page.keyboard.press("Escape");
        expect((await version(1, "Netlify").getAttribute("data-live")) !== null, "v1 is marked live");
      },
    },
    {
      name: "a second version becomes live, and the first is rolled back to after one confirmation",
      run: async () => {
        await writePage("Two");
        await openForm(/^Netlify/);
        await sheet()
          .getByText(/^v1 stays live/)
          .waitFor();
        await sheet().getByRole("button", { name: "Deploy to Netlify" }).click();
        await ended(2, "netlify");
        await sheet().getByText("v2 is live.").waitFor();
        await page.keyboard.press("Escape");
        await version(1, "Netlify").getByRole("button", { name: "Roll back to v1" }).click();
        const question = page.getByRole("alertdialog", { name: "Roll back to v1?" });
        await question.getByText(/will serve v1 from .* instead of v2/).waitFor();
        await shot(page, "deploy-rollback");
        await question.getByRole("button", { name: "Roll back to v1" }).click();
        await until("what visitors see is v1's content", async () => {
          const live = (await listed()).find((d) => d.is_live && d.provider === "netlify");
          return live && (live.version === 1 || live.metadata.rollback_of === 1);
        });
        expect(
          netlify
            .files(netlify.sites[0]?.name ?? "")
            .get("index.html")
            ?.toString()
            .includes("One"),
          "Netlify serves the first page",
        );
        const live = (await listed()).find((d) => d.is_live && d.provider === "netlify");
        await version(live?.version ?? 0, "Netlify")
          .getByText("Live", { exact: true })
          .waitFor();
        await checkScreens(page, "deploys", { view: "Deployments" });
      },
    },
    {
      isMain: true,
      name: "the local target opens in the browser",
      run: async () => {
        await openForm(/^This server/);
        await sheet().getByRole("button", { name: "Deploy to this server" }).click();
        await ended(1, "local");
        const link = sheet().getByRole("region", { name: "Outcome" }).getByRole("link", { name: "Open" });
        const [site] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
        await site.getByRole("heading", { name: written }).waitFor();
        await site.close();
        await page.keyboard.press("Escape");
      },
    },
    {
      name: "the launch gate blocks with rule and location; it deploys only when each issue is accepted",
      run: async () => {
        await account.api.secrets.set({
          params: { project_id: project.id },
          body: { key: "STRIPE_KEY", value: "sk_live_bakery_4f2c9a7710" },
        });
        await write("index.html", pageText("Key sk_live_bakery_4f2c9a7710"));
        await openForm(/^This server/);
        await sheet().getByRole("list", { name: "Included variables" }).getByText("STRIPE_KEY", { exact: true }).waitFor();
        await sheet().getByRole("button", { name: "Deploy to this server" }).click();
        await ended(2, "local");
        const gate = sheet().getByRole("region", { name: "Launch gate" });
        await gate.getByText("Blocked by 1 check").waitFor();
        await gate.getByRole("list", { name: "Issues: Secrets in the bundle" }).getByText("Critical").waitFor();
        expect(!(await sheet().innerText()).includes("sk_live_bakery_4f2c9a7710"), "the value is not shown");
        await checkScreens(page, "deploy-blocked", { variants: ["light-d", "dark-m"] });
        await sheet().getByRole("button", { name: "Deploy anyway…" }).click();
        const question = page.getByRole("dialog", { name: "Deploy despite failed checks?" });
        const go = question.getByRole("button", { name: "Deploy anyway", exact: true });
        expect(await go.isDisabled(), "disabled until it is accepted");
        await question.getByRole("checkbox").check();
        await shot(page, "deploy-anyway");
        await go.click();
        expect((await ended(3, "local")).status === "success", "it is deployed");
        await page.getByText("v3 is live.").waitFor();
        await page.keyboard.press("Escape");
        await account.api.secrets.remove({ params: { project_id: project.id, key: "STRIPE_KEY" } });
      },
    },
    {
      name: "a failed build shows its step and location, opens the file, and passes the error to the agent",
      run: async () => {
        await write("package.json", JSON.stringify({ name: "bakery", private: true, scripts: { build: "node build.mjs" } }));
        await write("src/slots.ts", "export const slots: number = 1;\nexport const eight = 'eight';\n");
        await write(
          "build.mjs",
          `console.log("building");\nconsole.error("src/slots.ts:2:14: error: 'eight' is not a number");\nprocess.exit(1);\n`,
        );
        await openForm(/^This server/);
        await sheet().getByText("npm run build").or(sheet().getByPlaceholder("npm run build")).first().waitFor();
        await sheet().getByRole("button", { name: "Deploy to this server" }).click();
        expect((await ended(4, "local")).metadata.failure?.step === "build", "the build step failed");
        const outcome = sheet().getByRole("alert", { name: "Outcome" });
        await outcome.getByText("Failed during the build.").waitFor();
        await checkScreens(page, "deploy-failed", { variants: ["dark-d"] });
        await outcome.getByRole("button", { name: "src/slots.ts:2" }).click();
        await page.waitForURL(/\/code/);
        await page.locator(".cm-content").getByText("eight").first().waitFor();
        await openDeploys();
        await version(4, "this server").getByRole("button").first().click();
        await page.getByRole("button", { name: "Fix with agent" }).click();
        const composer = page.getByRole("textbox", { name: "Message to the agent" });
        await until("the composer is filled", async () => {
          const text = await composer.inputValue();
          return text.includes('in the step "build"') && text.includes("src/slots.ts:2") && text.includes("is not a number");
        });
        await composer.fill("");
        await write(
          "build.mjs",
          `import { cpSync, mkdirSync } from "node:fs";\nmkdirSync("dist");\ncpSync("index.html", "dist/index.html");\n`,
        );
        await write("index.html", pageText("Three"));
      },
    },
    {
      name: "a preview has its own URL beside the live version, and becomes live when promoted",
      run: async () => {
        const live = (await listed()).find((d) => d.is_live && d.provider === "local");
        await openForm(/^This server/);
        await sheet().getByRole("radio", { name: "Preview" }).click();
        await sheet()
          .getByText(/^v3 stays live at (?!.*until)/)
          .waitFor();
        await checkScreens(page, "deploy-preview-form", { variants: ["light-d", "light-m"] });
        await sheet().getByRole("button", { name: "Deploy preview to this server" }).click();
        const preview = await ended(5, "local");
        const link = sheet().getByRole("region", { name: "Outcome" }).getByRole("link", { name: "Open" });
        await sheet().getByText("v5 is available as a preview.").waitFor();
        expect((await link.getAttribute("href")) === preview.deployment_url, "the link has its URL");
        expect(preview.deployment_url !== live?.deployment_url, "it is not at the live URL");
        expect((await listed()).find((d) => d.id === live?.id)?.is_live === true, "v3 is live still");
        const [site] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
        await site.getByRole("heading", { name: "Three" }).waitFor();
        await site.close();
        await page.keyboard.press("Escape");
        await openDeploys();
        await version(5, "this server").getByText("Preview", { exact: true }).waitFor();
        await version(5, "this server").getByRole("button", { name: "Promote v5" }).click();
        const question = page.getByRole("alertdialog", { name: "Promote v5 to production?" });
        await question.getByText(/will serve v5 instead of v3/).waitFor();
        await shot(page, "deploy-promote");
        await question.getByRole("button", { name: "Promote v5" }).click();
        await until("v5 is live", async () => (await listed()).some((d) => d.version === 5 && d.provider === "local" && d.is_live));
        await version(5, "this server").getByText("Live", { exact: true }).waitFor();
      },
    },
    {
      name: "a target on the canvas: added, attached, undone, deployed; its history and environment",
      run: async () => {
        await page.goto(`${studio.url}/p/${project.slug}/canvas`);
        const app = (await account.api.containers.list({ params })).items[0];
        expect(app, "a container");
        await node(new RegExp(`^${app.name}`)).waitFor();
        await page.keyboard.press("/");
        await page.getByPlaceholder(/Add a service/).fill("netlify");
        await page.getByRole("option", { name: /^Netlify/ }).waitFor();
        await page.keyboard.press("Enter");
        const target = node(/^Netlify, target/);
        await target.waitFor();
        await until("it has the focus", () => target.evaluate((element) => element === document.activeElement));
        await page.keyboard.press("c");
        await page.getByPlaceholder("Select a container…").waitFor();
        await page.keyboard.press("Enter");
        const line = page.getByRole("group", { name: new RegExp(`Connection: ${app.name} deploys to Netlify`) });
        await line.waitFor({ state: "attached" });
        const targets = async () => (await account.api.deploymentTargets.list({ params: { project_id: project.id }, query: {} })).items;
        expect((await targets())[0]?.container_ids[0] === app.id, "the server has the container attached");
        await page.keyboard.press("ControlOrMeta+z");
        await until("it is detached", async () => (await targets())[0]?.container_ids.length === 0);
        await page.keyboard.press("ControlOrMeta+Shift+z");
        await until("it is attached again", async () => (await targets())[0]?.container_ids.length === 1);
        await node(new RegExp(`^${app.name}`)).focus();
        await page.keyboard.press("c");
        await page.getByRole("option", { name: /already deploys to Netlify/ }).waitFor();
        await page.keyboard.press("Escape");
        await target.focus();
        await page.keyboard.press("Enter");
        const details = page.getByRole("complementary", { name: "Netlify" });
        await details.getByRole("radio", { name: "Preview" }).click();
        await until("the environment is saved", async () => (await targets())[0]?.environment === "preview");
        await details.getByRole("button", { name: "Deploy", exact: true }).click();
        await sheet().waitFor();
        const sent = await ended(3, "netlify");
        expect(sent.status === "success" && !sent.is_live, "it is deployed from the canvas as a preview");
        await page.keyboard.press("Escape");
        await target.getByText("v3 preview").waitFor();
        await checkScreens(page, "deploy-canvas", { variants: ["light-d", "dark-d"] });
        await page.reload();
        await target.waitFor();
      },
    },
    {
      name: "the timeline shows deployments among the points",
      run: async () => {
        await page.goto(`${studio.url}/p/${project.slug}/timeline`);
        const row = page.getByTestId("timeline-happening").filter({ hasText: /v1.*to Netlify/ });
        await row.waitFor();
        await shot(page, "deploy-timeline");
        await row.click();
        await page.waitForURL(/\/deploys\?deployment=/);
        await page.getByRole("complementary", { name: "v1 to Netlify" }).waitFor();
      },
    },
    {
      name: "accounts in the settings: connected in the provider's window, tested, team selected, disconnected",
      run: async () => {
        vercel.teams.push({ id: "team_1", name: "Crew", slug: "crew" });
        // The provider's consent page, as if the person agreed.
        await page
          .context()
          .route(`${authorizeUrl}**`, (route) =>
            route.fulfill({ status: 302, headers: { location: vercel.oauth.consent(route.request().url()).href } }),
          );
        await page.goto(`${studio.url}/settings/deployment`);
        await page.getByRole("button", { name: "Connect Vercel" }).click();
        await checkScreens(page, "deploy-settings", { variants: ["light-d", "dark-m"] });
        const popup = page.context().waitForEvent("page");
        await page.getByRole("button", { name: "Sign in with Vercel" }).click();
        await popup;
        const row = page.getByRole("listitem").filter({ hasText: "Vercel" }).first();
        await row.getByText("Connected", { exact: true }).waitFor();
        await row.getByRole("button", { name: "Test Vercel" }).click();
        await row.getByText("Connection works").waitFor();
        await row.getByRole("button", { name: /team/ }).click();
        await row.getByRole("combobox", { name: "Team" }).click();
        await page.getByRole("option", { name: "Crew" }).click();
        await row.getByText(/team team_1/).waitFor();
        await shot(page, "deploy-settings-connected");
        await row.getByRole("button", { name: "Disconnect Vercel" }).click();
        await page.getByRole("alertdialog").getByRole("button", { name: "Disconnect" }).click();
        await row.getByText("Not connected").waitFor();
        watched.problems.splice(0, watched.problems.length, ...watched.problems.filter((problem) => !problem.includes("vercel.example")));
        expectNoProblems(watched);
      },
    },
  ];
});
