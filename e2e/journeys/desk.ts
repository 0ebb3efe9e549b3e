/** The desk around the work: settings of a project, its secrets, terminals, logs, problems, what runs and what crashed. */
import type { Page } from "playwright-core";
import { createProject, finished, signUp } from "../account.ts";
import { openBrowser, type Watched } from "../browser.ts";
import { expect, runJourneys, until } from "../journey.ts";
import { accessible, noOffences, shot } from "../looks.ts";
import { startStudio } from "../studio.ts";

const studio = await startStudio();
process.on("exit", () => studio.process.kill("SIGTERM"));
const person = await signUp(studio.url);
const project = await createProject(person, "Desk", "node-api");
let browser: Watched | undefined;
const planted = "sk_live_planted_0123456789";

const open = async (path: string): Promise<Page> => {
  const { page } = browser as Watched;
  await page.goto(`${studio.url}${path}`);
  return page;
};
const themes = async (page: Page, name: string) => {
  for (const [theme, width] of [
    ["light", 1440],
    ["dark", 1440],
    ["light", 390],
  ] as const) {
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
    await page.emulateMedia({ colorScheme: theme });
    await page.waitForTimeout(250);
    await shot(page, `${name}-${theme}-${width === 390 ? "m" : "d"}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow <= 0, `${name} ${theme} ${width}: ${overflow} px too wide`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
};

await runJourneys(
  [
    {
      name: "settings: a project is named, and its secrets are pasted with a preview, added, replaced and deleted, never shown",
      run: async () => {
        browser = await openBrowser(studio.url);
        const page = await open("/login");
        await page.getByLabel("E-mail").fill(person.email);
        await page.getByLabel("Password", { exact: true }).fill(person.password);
        await page.keyboard.press("Enter");
        await page.getByRole("textbox", { name: "What should it do?" }).waitFor();
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
        await dialog.getByText("2 new, 0 replaced, 2 left out").waitFor();
        expect(!(await dialog.getByRole("list", { name: "Preview" }).innerText()).includes(planted), "the preview shows no value");
        await accessible(page, "paste dialog");
        await shot(page, "desk-paste-env");
        await dialog.getByRole("button", { name: "Import 2 secrets" }).click();
        const list = page.getByRole("list", { name: "Secrets" });
        await list.getByText("STRIPE_KEY").waitFor();
        expect((await list.getByRole("listitem").count()) === 2, "two secrets");

        await page.getByLabel("Name", { exact: true }).last().fill("1BAD");
        await page.getByLabel("Value", { exact: true }).fill("x");
        await page.getByRole("button", { name: "Add secret" }).click();
        await page.getByText("does not begin with a digit").waitFor();
        await page.getByLabel("Name", { exact: true }).last().fill("EXTRA_KEY");
        await page.getByLabel("Value", { exact: true }).fill("extra-value");
        await page.keyboard.press("Enter");
        await list.getByText("EXTRA_KEY").waitFor();
        await list.getByRole("button", { name: "Replace STRIPE_KEY" }).click();
        await page.getByLabel("New value of STRIPE_KEY").fill(`${planted}_2`);
        await shot(page, "desk-replace");
        await page.keyboard.press("Enter");
        await page.getByText("STRIPE_KEY was replaced.").waitFor();
        await list.getByRole("button", { name: "Delete EXTRA_KEY" }).click();
        await page.getByRole("alertdialog").getByRole("button", { name: "Delete secret" }).click();
        await list.getByText("EXTRA_KEY").waitFor({ state: "detached" });
        // Told by the stream: somebody else's change appears without a reload.
        await person.api.secrets.set({ params: { project_id: project.id }, body: { key: "FROM_ELSEWHERE", value: "elsewhere" } });
        await list.getByText("FROM_ELSEWHERE").waitFor({ timeout: 3000 });
        expect(!(await page.content()).includes("planted"), "no value in the page");
        await accessible(page, "project settings");
        await themes(page, "desk-settings");
        noOffences(browser);
      },
    },
    {
      name: "settings: a container's own variables and port; what runs says that it wants a restart, and one press applies it",
      run: async () => {
        const { page } = browser as Watched;
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
        await page.getByText("still runs with the former values").waitFor();
        await box.getByText("Restart needed").waitFor();
        await shot(page, "desk-restart-needed");
        await page.getByRole("button", { name: "Restart to apply" }).click();
        await page.getByText("still runs with the former values").waitFor({ state: "detached", timeout: 60_000 });
        await box.getByText("Running").waitFor({ timeout: 60_000 });
        await box.getByRole("button", { name: "Delete OWN_FLAG" }).click();
        await page.getByRole("alertdialog").getByRole("button", { name: "Delete variable" }).click();
        await box.getByText("OWN_FLAG").waitFor({ state: "detached" });
        await box.getByLabel("Port").fill("99999");
        await box.getByRole("button", { name: "Save port" }).click();
        await box.getByText("from 1 to 65535").waitFor();
        noOffences(browser as Watched);
      },
    },
    {
      name: "settings: a project is deleted only after its name was typed",
      run: async () => {
        const doomed = await createProject(person, "Doomed", "static");
        const page = await open(`/p/${doomed.slug}/settings`);
        await page.getByRole("button", { name: "Delete project…" }).click();
        const dialog = page.getByRole("alertdialog");
        const act = dialog.getByRole("button", { name: "Delete project" });
        expect(await act.isDisabled(), "the act waits for the name");
        await dialog.getByLabel(/Type/).fill("Doomed");
        await shot(page, "desk-delete");
        await act.click();
        await page.waitForURL(/\/projects$/);
        await until("the project is gone", async () => (await person.api.projects.list({})).items.every((p) => p.id !== doomed.id));
        noOffences(browser as Watched);
      },
    },
  ],
  async (name) => {
    if (!browser) return;
    for (const offence of browser.offences.splice(0)) console.log(`  ${offence}`);
    for (const line of studio.output().split("\n")) if (/"level":"(warn|error)"/.test(line)) console.log(`  ${line.slice(0, 400)}`);
    await shot(browser.page, `failed-${name.replace(/\W+/g, "-").slice(0, 60)}`);
  },
);
