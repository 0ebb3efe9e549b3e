/** The admin console for operating the server: metrics, running sandboxes, projects, agents, templates, reviews, system health. */
import { demoScript } from "@tesslate/testkit/demo";
import { createProject, finished, signUp } from "../account.ts";
import { type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens, expectNoProblems } from "../screens.ts";

export default journey({}, async (context) => {
  const { model } = context;
  model.setScript(demoScript());
  const { studio } = context;
  // The first account of a local server is its administrator.
  const { admin } = context;
  const person = await signUp(studio.url, "Nadia");
  const project = await createProject(person, "Shop of Nadia", "static");
  for await (const { type } of person.api.chat.stream({ body: { project_id: project.id, message: "Say hello", edit_mode: "allow" } }))
    if (type === "done") break;
  let browser: WatchedWindow | undefined;
  const at = async (path: string) => {
    const { page } = browser as WatchedWindow;
    await page.goto(`${studio.url}${path}`);
    return page;
  };

  return [
    {
      name: "the console opens on the metrics, per day and of the machine",
      run: async () => {
        browser = await context.openWindow();
        const page = await at("/login?next=/admin");
        await page.getByLabel("Email").fill(admin.email);
        await page.getByLabel("Password", { exact: true }).fill(admin.password);
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/admin\/overview/);
        await page.getByRole("figure", { name: "New users" }).waitFor();
        await page.getByRole("radio", { name: "30 days" }).click();
        await until(
          "a month has thirty days",
          async () => (await page.getByRole("table", { name: "New users, by day" }).locator("tbody tr").count()) === 30,
        );
        await checkScreens(page, "admin-overview");
        expectNoProblems(browser);
      },
    },
    {
      name: "a running project appears without a reload and is stopped with a reason, which its owner and the log see",
      run: async () => {
        const page = await at("/admin/sandboxes");
        await page.getByText("No running projects").waitFor();
        const { task_id } = await person.api.projects.start({ params: { id: project.id } });
        await finished(person.api, task_id);
        await page.getByRole("link", { name: "Shop of Nadia" }).waitFor();
        await checkScreens(page, "admin-sandboxes");
        await page.getByRole("button", { name: "Stop Shop of Nadia" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Stop project" }).click();
        await page.getByText("A reason is required").waitFor();
        expect(
          (await person.api.projects.get({ params: { id: project.id } })).status === "running",
          "nothing was stopped without a reason",
        );
        await page.getByLabel("Reason").fill("It mines coins.");
        await page.getByRole("dialog").getByRole("button", { name: "Stop project" }).click();
        await page.getByText("No running projects").waitFor();
        expect((await person.api.projects.get({ params: { id: project.id } })).stop_reason === "admin", "its owner sees who stopped it");
        await at("/admin/audit");
        await page.getByText("It mines coins.").waitFor();
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "a project is found, inspected and deleted with a reason",
      run: async () => {
        const page = await at("/admin/projects");
        await page.getByRole("button", { name: "Shop of Nadia" }).waitFor();
        await checkScreens(page, "admin-projects");
        await page.getByRole("button", { name: "Shop of Nadia" }).click();
        await page.getByRole("region", { name: "Shop of Nadia" }).getByText("static", { exact: true }).waitFor();
        await checkScreens(page, "admin-project");
        await page.getByRole("button", { name: "Delete project…" }).click();
        await page.getByLabel("Reason").fill("Phishing.");
        await page.getByRole("dialog").getByRole("button", { name: "Delete project" }).click();
        await page.getByText("Shop of Nadia is being deleted.").waitFor();
        await until("it is deleted", async () => (await admin.api.adminProjects.list({ query: { search: project.slug } })).total === 0);
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "an agent is disabled with a reason and enabled again",
      run: async () => {
        const page = await at("/admin/agents");
        const [agent] = (await admin.api.adminAgents.list({ query: { search: "tesslate-agent" } })).items;
        await page.getByRole("button", { name: `Actions for ${agent?.name}` }).waitFor();
        await checkScreens(page, "admin-agents");
        await page.getByRole("button", { name: `Actions for ${agent?.name}` }).click();
        await page.getByRole("menuitem", { name: "Disable…" }).click();
        await page.getByRole("dialog").getByText("until you enable it again").waitFor();
        await page.getByLabel("Reason").fill("It writes nonsense.");
        await page.getByRole("button", { name: "Disable agent" }).click();
        await page.getByText("Disabled", { exact: true }).waitFor();
        await page.getByRole("button", { name: `Actions for ${agent?.name}` }).click();
        await page.getByRole("menuitem", { name: "Enable" }).click();
        await page.getByText(`${agent?.name} enabled.`).waitFor();
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "a template is hidden with a reason and shown again, and a review is removed",
      run: async () => {
        const page = await at("/admin/templates");
        const [base] = (await admin.api.adminMarketplace.bases()).items;
        const name = base?.name ?? "";
        const menuButton = page.getByRole("button", { name: `Actions for ${name}`, exact: true });
        await menuButton.waitFor();
        await checkScreens(page, "admin-templates");
        await menuButton.click();
        await page.getByRole("menuitem", { name: "Hide…" }).click();
        await page.getByLabel("Reason").fill("It is broken.");
        await page.getByRole("button", { name: "Hide template" }).click();
        await page.getByText("Hidden", { exact: true }).waitFor();
        await menuButton.click();
        await page.getByRole("menuitem", { name: "Unhide" }).click();
        await page.getByText(`${name} is visible again.`).waitFor();

        const [agent] = (await person.api.marketplaceAgents.list({ query: { search: "tesslate-agent" } })).items;
        await person.api.marketplaceAgents.review({ params: { id: agent?.id ?? "" }, body: { rating: 1, comment: "Buy my watches!" } });
        await at("/admin/reviews");
        await page.getByText("Buy my watches!").waitFor();
        await checkScreens(page, "admin-reviews");
        await page.getByRole("button", { name: `Delete review of ${agent?.name} by` }).click();
        await page.getByLabel("Reason").fill("An advertisement.");
        await page.getByRole("dialog").getByRole("button", { name: "Delete review" }).click();
        await page.getByText("Buy my watches!").waitFor({ state: "detached" });
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "the system page shows its health, and a provider is tested",
      run: async () => {
        const page = await at("/admin/system");
        await page.getByRole("heading", { name: "Database" }).waitFor();
        await page.getByRole("button", { name: "Test OpenAI" }).click();
        await page.getByText(/OpenAI responded with/).waitFor();
        await checkScreens(page, "admin-system");
        expectNoProblems(browser as WatchedWindow);
      },
    },
  ];
});
