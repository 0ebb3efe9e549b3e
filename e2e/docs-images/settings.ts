/** Imports, the store, the agent editor, and settings of an account. */
import { say, script, startMcpServer, startModelServer } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { journey } from "../journey.ts";
import { picture } from "../picture.ts";

const schema = { type: "object", properties: {} };

export default journey({ templates: [] }, async ({ studio, services, signUp, openWindow, defer }) => {
  const key = "sk-nadias-own-key-4711";
  const model = await startModelServer({ apiKey: key, models: ["gpt-5.1", "gpt-5.1-mini"], script: script([say("Hello.")]) });
  const issues = await startMcpServer({
    tools: [
      {
        name: "search_issues",
        description: "Finds issues by text, label and author.",
        inputSchema: schema,
        annotations: { readOnlyHint: true },
      },
      { name: "read_issue", description: "Reads an issue with its comments.", inputSchema: schema, annotations: { readOnlyHint: true } },
      { name: "create_issue", description: "Creates an issue.", inputSchema: schema },
    ],
  });
  const designs = await startMcpServer({ token: "a-token-of-the-server" });
  for (const service of [model, issues, designs]) defer(() => service.close());
  const { github } = services.gitProviders;
  const updatedAt = "2026-06-01T10:00:00Z";
  github.add("ada/shop", { files: { "index.html": "<h1>Shop</h1>\n" }, description: "Orders for pick-up", updatedAt });
  github.add("ada/opening-hours", { files: { "index.html": "<h1>Hours</h1>\n" }, description: "When we bake", updatedAt });
  github.add("ada/recipes", { files: { "README.md": "# Recipes\n" }, description: "Sourdough and buns", updatedAt });
  const account = await signUp();
  const { page } = await openWindow();
  await signIn(page, studio.url, account);
  const dialog = page.getByRole("dialog");
  const open = (path: string) => page.goto(`${studio.url}${path}`);

  return [
    {
      name: "an import",
      run: async () => {
        await open("/settings/git");
        const row = page.locator("[data-testid=git-provider][data-provider=github]");
        await row.getByRole("button", { name: "Connect GitHub" }).click();
        await dialog.getByLabel("Token", { exact: true }).fill(github.personalToken());
        await dialog.getByRole("button", { name: "Connect with token" }).click();
        await row.getByText("ada", { exact: true }).waitFor();
        await open("/");
        await page.getByRole("button", { name: "Import", exact: true }).click();
        await dialog.getByRole("radio", { name: "Your repositories" }).click();
        await dialog.getByRole("radio", { name: /ada\/shop/ }).click();
        await dialog.getByLabel("Branch").getByText("main").waitFor();
        await picture(page, "import");
      },
    },
    {
      name: "the store and an agent",
      run: async () => {
        await open("/marketplace");
        await page.getByRole("article").nth(8).waitFor();
        await picture(page, "store");
        await open("/library/agents/new");
        await page.getByLabel("Name", { exact: true }).fill("The Baker");
        await page.getByLabel("Description", { exact: true }).fill("Builds pages for bakeries, with prices and opening hours");
        await page
          .getByRole("textbox", { name: "System prompt" })
          .fill(
            "You build pages for bakeries.\n\nProject: {project_name}\n\nWrite prices with two decimals, and check every page on a phone.",
          );
        await picture(page, "agent-editor");
      },
    },
    {
      name: "models and keys",
      run: async () => {
        await open("/settings/models");
        const own = page.getByRole("region", { name: "Your own keys" });
        await own.getByRole("button", { name: "Add key" }).click();
        await dialog.getByLabel("Provider").click();
        await page.getByRole("option", { name: "OpenAI", exact: true }).click();
        await dialog.getByLabel("API key", { exact: true }).fill(key);
        await dialog.getByLabel("Base URL").fill(model.openai_base_url);
        await dialog.getByRole("button", { name: "Save key" }).click();
        await own.getByText("…4711, never used").waitFor();
        await own.getByText(/OpenAI responded with/).waitFor();
        await own.evaluate((element) => element.scrollIntoView({ block: "start" }));
        await picture(page, "models");
      },
    },
    {
      name: "connectors",
      run: async () => {
        await open("/settings/connectors");
        const add = async (name: string, url: string) => {
          await page.getByRole("button", { name: "Add connector" }).click();
          await dialog.getByLabel("Name", { exact: true }).fill(name);
          await dialog.getByLabel("URL").fill(url);
          await dialog.getByRole("button", { name: "Add connector" }).click();
          await dialog.waitFor({ state: "detached" });
        };
        await add("Issue tracker", issues.url);
        await page.getByText("3 tools").waitFor();
        await add("Design files", designs.url);
        await page.getByText("Sign-in required").waitFor();
        await page.getByRole("button", { name: /^Issue tracker/ }).click();
        await page.getByText("Creates an issue.").waitFor();
        await picture(page, "connectors");
      },
    },
    {
      name: "security and API keys",
      run: async () => {
        await open("/settings/security");
        await page.getByRole("region", { name: "Recent activity" }).getByText("Signed in").first().waitFor();
        await picture(page, "account-security");
        await open("/settings/api-keys");
        await page.getByRole("button", { name: "Create key" }).click();
        await dialog.getByLabel("Name", { exact: true }).fill("Nightly build");
        await page.getByLabel("Run the agent").click();
        await picture(page, "api-keys");
      },
    },
  ];
});
