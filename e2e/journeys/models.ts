/** Models with keys and endpoints of one's own, and MCP servers that lend the agent tools. */
import { say, script, startMcpServer, startModelServer } from "@tesslate/testkit";
import { type Watched } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { accessible, noOffences, shot } from "../looks.ts";

export default journey({}, async (stage) => {
  const key = "sk-nadias-own-key-4711";
  const model = await startModelServer({ apiKey: key, models: ["house-model"], script: script([say("Hello.")]) });
  const tools = await startMcpServer();
  const locked = await startMcpServer({ token: "a-token-of-the-server" });
  const { studio } = stage;
  let browser: Watched | undefined;

  return [
    {
      name: "a key of one's own is stored, tried and deleted; it is never shown again",
      run: async () => {
        browser = await stage.openWindow();
        const { page } = browser;
        await page.goto(`${studio.url}/register`);
        await page.getByLabel("Name").fill("Nadia");
        await page.getByLabel("E-mail").fill("nadia.models@example.org");
        await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
        await page.keyboard.press("Enter");
        await page.getByRole("textbox", { name: "What should it do?" }).waitFor();
        await page.goto(`${studio.url}/settings/models`);
        const mine = page.getByRole("region", { name: "Your own keys" });
        await mine.getByText("None. The models that the server offers are used.").waitFor();
        await mine.getByRole("button", { name: "Add a key" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("Provider").click();
        await page.getByRole("option", { name: "OpenAI", exact: true }).click();
        await dialog.getByLabel("API key", { exact: true }).fill(key);
        await dialog.getByLabel("Address").fill("http://169.254.169.254/v1");
        await dialog.getByRole("button", { name: "Store the key" }).click();
        await dialog.getByText(/private or local address/).waitFor();
        await dialog.getByLabel("Address").fill(model.openai_base_url);
        await accessible(page, "add a key");
        await shot(page, "own-key");
        await dialog.getByRole("button", { name: "Store the key" }).click();
        await page.getByText("Your key for OpenAI is stored.").waitFor();
        await mine.getByText("…4711, never used").waitFor();
        await mine.getByText("OpenAI answered with house-model.").waitFor();
        // A wrong key: the provider's own words say so.
        await mine.getByRole("button", { name: "Edit OpenAI" }).click();
        await dialog.getByLabel("API key", { exact: true }).fill("sk-not-the-key");
        await accessible(page, "edit a key");
        await dialog.getByRole("button", { name: "Save" }).click();
        await mine.getByText(/Incorrect API key/).waitFor();
        await shot(page, "own-key-wrong");
        await mine.getByRole("button", { name: "Edit OpenAI" }).click();
        await dialog.getByLabel("API key", { exact: true }).fill(key);
        await dialog.getByRole("button", { name: "Save" }).click();
        await mine.getByText("OpenAI answered with house-model.").waitFor();
        expect(!(await page.content()).includes(key), "the key is not in the page");
        await accessible(page, "own keys");
        await shot(page, "own-keys");
        await mine.getByRole("button", { name: "Delete OpenAI" }).click();
        await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
        await mine.getByText("None. The models that the server offers are used.").waitFor();
      },
    },
    {
      name: "an endpoint of one's own brings its models along",
      run: async () => {
        const { page } = browser as Watched;
        const mine = page.getByRole("region", { name: "Your own keys" });
        await mine.getByRole("button", { name: "Add an endpoint" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("Name").fill("Office server");
        await dialog.getByLabel("Address").fill(model.openai_base_url);
        await dialog.getByLabel("API key", { exact: true }).fill(key);
        await accessible(page, "add an endpoint");
        await shot(page, "own-endpoint");
        await dialog.getByRole("button", { name: "Add the endpoint" }).click();
        await mine.getByText(/custom\/office-server\//).waitFor();
        const models = page.getByRole("region", { name: "Models you can use" });
        await models.getByText("house-model").waitFor();
        await shot(page, "own-endpoint-there");
        await mine.getByRole("button", { name: "Edit Office server" }).click();
        expect((await dialog.getByLabel("API key", { exact: true }).inputValue()) === "", "a stored key is not shown");
        await dialog.getByLabel("Name").fill("Office");
        await dialog.getByLabel("Models").fill("house-model small-model");
        await shot(page, "own-endpoint-edit");
        await dialog.getByRole("button", { name: "Save" }).click();
        await mine.getByLabel("Stop for the day at, in dollars").fill("-1");
        await mine.getByText("An amount above 0, or nothing").waitFor();
        await mine.getByLabel("Stop for the day at, in dollars").fill("2.50");
        await mine.getByRole("button", { name: "Save" }).first().click();
        await until("the cap is kept", () => mine.getByRole("button", { name: "Save" }).first().isDisabled());
        await shot(page, "own-caps");
        await models.getByRole("switch", { name: "small-model" }).click();
        await until(
          "the model is hidden",
          async () => (await models.getByRole("switch", { name: "small-model" }).getAttribute("data-state")) === "unchecked",
        );
        await models.getByRole("button", { name: "Try small-model" }).click();
        await models.getByText(/does not exist|not found|no model/i).waitFor();
        await models.getByLabel("A model that is not listed").fill("custom/office-server/unlisted-model");
        await models.getByRole("button", { name: "Add", exact: true }).click();
        await models.getByRole("switch", { name: "unlisted-model" }).waitFor();
        await accessible(page, "models");
        await shot(page, "models-list");
        await models.getByRole("button", { name: "Remove unlisted-model" }).click();
        await models.getByRole("switch", { name: "unlisted-model" }).waitFor({ state: "detached" });
        noOffences(browser as Watched);
      },
    },
    {
      name: "connectors are added, tried and signed in to; what they offer can be seen",
      run: async () => {
        const { page } = browser as Watched;
        await page.getByRole("link", { name: "Connectors" }).click();
        await page.getByText("No connectors yet").waitFor();
        await accessible(page, "no connectors");
        const add = async (name: string, url: string) => {
          await page.getByRole("button", { name: "Add a connector" }).click();
          const dialog = page.getByRole("dialog");
          await dialog.getByLabel("Name", { exact: true }).fill(name);
          await dialog.getByLabel("Address").fill(url);
          return dialog;
        };
        const dialog = await add("Issue tracker", "http://169.254.169.254/mcp");
        await dialog.getByRole("button", { name: "Add a header" }).click();
        await dialog.getByLabel("Name of the header").fill("Authorization");
        await dialog.getByLabel("Value of Authorization").fill("Bearer a-key-of-mine");
        await dialog.getByRole("button", { name: "Add and try" }).click();
        await dialog.getByText(/private or local address/).waitFor();
        await dialog.getByLabel("Address").fill(tools.url);
        await accessible(page, "add a connector");
        await shot(page, "connector-add");
        await dialog.getByRole("button", { name: "Add and try" }).click();
        await page.getByText("9 tools").waitFor();
        expect(!(await page.content()).includes("a-key-of-mine"), "the key is not in the page");
        await page.getByRole("button", { name: /^Issue tracker/ }).click();
        await page.getByText("Says it again.").waitFor();
        await (await add("Design files", locked.url)).getByRole("button", { name: "Add and try" }).click();
        await page.getByText("Sign-in needed").waitFor();
        await accessible(page, "connectors");
        await shot(page, "connectors");
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await page.getByText("Signed in.", { exact: true }).first().waitFor();
        await until("both servers tell their tools", async () => (await page.getByText("9 tools").count()) === 2);
        await shot(page, "connectors-signed-in");
        const { offences } = browser as Watched;
        const signIn = `foreign host: http://${locked.host}/authorize?`;
        const others = offences.filter((one) => !one.startsWith(signIn));
        expect(others.length === 0, others.join("\n"));
      },
    },
  ];
});
