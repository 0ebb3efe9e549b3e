/** Your own API keys and model endpoints, and MCP servers that provide tools. */
import { say, script, startMcpServer, startModelServer } from "@tesslate/testkit";
import { type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const key = "sk-nadias-own-key-4711";
  const model = await startModelServer({ apiKey: key, models: ["team-model"], script: script([say("Hello.")]) });
  const tools = await startMcpServer();
  const locked = await startMcpServer({ token: "a-token-of-the-server" });
  const { studio } = context;
  let browser: WatchedWindow | undefined;

  return [
    {
      name: "an API key is stored, tested and deleted; it is never shown again",
      run: async () => {
        browser = await context.openWindow();
        const { page } = browser;
        await page.goto(`${studio.url}/register`);
        await page.getByLabel("Name").fill("Nadia");
        await page.getByLabel("Email").fill("nadia.models@example.org");
        await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
        await page.keyboard.press("Enter");
        await page.getByRole("textbox", { name: "What do you want to build?" }).waitFor();
        await page.goto(`${studio.url}/settings/models`);
        const mine = page.getByRole("region", { name: "Your own keys" });
        await mine.getByText("No keys yet. Your runs use the server's models.").waitFor();
        await mine.getByRole("button", { name: "Add key" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("Provider").click();
        await page.getByRole("option", { name: "OpenAI", exact: true }).click();
        await dialog.getByLabel("API key", { exact: true }).fill(key);
        await dialog.getByLabel("Base URL").fill("http://169.254.169.254/v1");
        await dialog.getByRole("button", { name: "Save key" }).click();
        await dialog.getByText(/private or local address/).waitFor();
        await dialog.getByLabel("Base URL").fill(model.openai_base_url);
        await expectAccessible(page, "add a key");
        await shot(page, "own-key");
        await dialog.getByRole("button", { name: "Save key" }).click();
        await page.getByText("Key for OpenAI saved.").waitFor();
        await mine.getByText("…4711, never used").waitFor();
        await mine.getByText("OpenAI responded with team-model.").waitFor();
        // A wrong key: the provider's message is shown.
        await mine.getByRole("button", { name: "Edit OpenAI" }).click();
        await dialog.getByLabel("API key", { exact: true }).fill("sk-not-the-key");
        await expectAccessible(page, "edit a key");
        await dialog.getByRole("button", { name: "Save" }).click();
        await mine.getByText(/Incorrect API key/).waitFor();
        await shot(page, "own-key-wrong");
        await mine.getByRole("button", { name: "Edit OpenAI" }).click();
        await dialog.getByLabel("API key", { exact: true }).fill(key);
        await dialog.getByRole("button", { name: "Save" }).click();
        await mine.getByText("OpenAI responded with team-model.").waitFor();
        expect(!(await page.content()).includes(key), "the key is not on the page");
        await expectAccessible(page, "own keys");
        await shot(page, "own-keys");
        await mine.getByRole("button", { name: "Delete OpenAI" }).click();
        await page.getByRole("alertdialog").getByRole("button", { name: "Delete key" }).click();
        await mine.getByText("No keys yet. Your runs use the server's models.").waitFor();
      },
    },
    {
      name: "a custom endpoint adds its models",
      run: async () => {
        const { page } = browser as WatchedWindow;
        const mine = page.getByRole("region", { name: "Your own keys" });
        await mine.getByRole("button", { name: "Add endpoint" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("Name").fill("Office server");
        await dialog.getByLabel("Base URL").fill(model.openai_base_url);
        await dialog.getByLabel("API key", { exact: true }).fill(key);
        await expectAccessible(page, "add an endpoint");
        await shot(page, "own-endpoint");
        await dialog.getByRole("button", { name: "Add endpoint" }).click();
        await mine.getByText(/custom\/office-server\//).waitFor();
        const models = page.getByRole("region", { name: "Available models" });
        await models.getByText("team-model").waitFor();
        await shot(page, "own-endpoint-there");
        await mine.getByRole("button", { name: "Edit Office server" }).click();
        expect((await dialog.getByLabel("API key", { exact: true }).inputValue()) === "", "a stored key is not shown");
        await dialog.getByLabel("Name").fill("Office");
        await dialog.getByLabel("Models").fill("team-model small-model");
        await shot(page, "own-endpoint-edit");
        await dialog.getByRole("button", { name: "Save" }).click();
        await mine.getByLabel("Daily limit (USD)").fill("-1");
        await mine.getByText("Must be from $0.01 to $100,000.00, or empty.").waitFor();
        await mine.getByLabel("Daily limit (USD)").fill("2.50");
        await mine.getByRole("button", { name: "Save" }).first().click();
        await until("the limit is saved", () => mine.getByRole("button", { name: "Save" }).first().isDisabled());
        await shot(page, "own-caps");
        await models.getByRole("switch", { name: "small-model" }).click();
        await until(
          "the model is hidden",
          async () => (await models.getByRole("switch", { name: "small-model" }).getAttribute("data-state")) === "unchecked",
        );
        await models.getByRole("button", { name: "Test small-model" }).click();
        await models.getByText(/does not exist|not found|no model/i).waitFor();
        await models.getByLabel("Unlisted model").fill("custom/office-server/unlisted-model");
        await models.getByRole("button", { name: "Add model", exact: true }).click();
        await models.getByRole("switch", { name: "unlisted-model" }).waitFor();
        await expectAccessible(page, "models");
        await shot(page, "models-list");
        await models.getByRole("button", { name: "Remove unlisted-model" }).click();
        await models.getByRole("switch", { name: "unlisted-model" }).waitFor({ state: "detached" });
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "connectors are added, tested and signed in to; their tools are listed",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.getByRole("link", { name: "Connectors" }).click();
        await page.getByText("No connectors yet").waitFor();
        await expectAccessible(page, "no connectors");
        const add = async (name: string, url: string) => {
          await page.getByRole("button", { name: "Add connector" }).click();
          const dialog = page.getByRole("dialog");
          await dialog.getByLabel("Name", { exact: true }).fill(name);
          await dialog.getByLabel("URL").fill(url);
          return dialog;
        };
        const dialog = await add("Issue tracker", "http://169.254.169.254/mcp");
        await dialog.getByRole("button", { name: "Add header" }).click();
        await dialog.getByLabel("Header name").fill("Authorization");
        await dialog.getByLabel("Value of Authorization").fill("Bearer a-key-of-mine");
        await dialog.getByRole("button", { name: "Add connector" }).click();
        await dialog.getByText(/private or local address/).waitFor();
        await dialog.getByLabel("URL").fill(tools.url);
        await expectAccessible(page, "add connector");
        await shot(page, "connector-add");
        await dialog.getByRole("button", { name: "Add connector" }).click();
        await page.getByText("9 tools").waitFor();
        expect(!(await page.content()).includes("a-key-of-mine"), "the key is not on the page");
        await page.getByRole("button", { name: /^Issue tracker/ }).click();
        await page.getByText("Says it again.").waitFor();
        await (await add("Design files", locked.url)).getByRole("button", { name: "Add connector" }).click();
        await page.getByText("Sign-in required").waitFor();
        await expectAccessible(page, "connectors");
        await shot(page, "connectors");
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await page.getByText("Signed in.", { exact: true }).first().waitFor();
        await until("both servers list their tools", async () => (await page.getByText("9 tools").count()) === 2);
        await shot(page, "connectors-signed-in");
        const { problems } = browser as WatchedWindow;
        const signIn = `foreign host: http://${locked.host}/authorize?`;
        const others = problems.filter((one) => !one.startsWith(signIn));
        expect(others.length === 0, others.join("\n"));
      },
    },
  ];
});
