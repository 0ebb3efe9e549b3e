/// <reference lib="dom" />
/** The chats of a project: pin, rename and delete in the list; slash commands. */
import { say, script } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  context.model.setScript(script([say("There are six places a day.")]));
  const { studio, account, project, watched, page } = await context.openProject();
  const { chat } = account.api;
  const older = await chat.createSession({ body: { project_id: project.id, title: "Opening hours" } });
  await chat.createSession({ body: { project_id: project.id, title: "Prices" } });
  const list = page.getByRole("dialog", { name: "Chats in this project" });
  const titles = async () => list.getByRole("listitem").evaluateAll((rows) => rows.map((row) => row.querySelector("span")?.textContent));
  const message = page.getByRole("textbox", { name: "Message to the agent" });
  const openList = async (title: string) => {
    await page.getByRole("button", { name: title, exact: true }).click();
    await list.getByRole("listitem").first().waitFor();
  };

  return [
    {
      name: "an older chat is pinned above the newer ones, and unpinned",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}`);
        await message.waitFor();
        // The newest one is open.
        await openList("Prices");
        await until("the newer one is first", async () => (await titles())[0] === "Prices");
        await list.getByRole("button", { name: "Pin Opening hours" }).click();
        await until("the pinned one is first", async () => (await titles())[0] === "Opening hours");
        expect((await chat.get({ params: { chat_id: older.id } })).pinned, "the server has it pinned");
        await expectAccessible(page, "chats");
        await shot(page, "chats");
        await list.getByRole("button", { name: "Unpin Opening hours" }).click();
        const pin = list.getByRole("button", { name: "Pin Opening hours" });
        await pin.waitFor();
        // Its tooltip does not keep Esc from the list.
        await pin.hover();
        await page.getByRole("tooltip").waitFor();
        await page.keyboard.press("Escape");
        await list.waitFor({ state: "hidden" });
      },
    },
    {
      name: "the search finds a chat and opens it, also while the chat is collapsed; F6 and Shift+Tab leave the composer",
      run: async () => {
        await page.keyboard.press("Control+b");
        await message.waitFor({ state: "hidden" });
        await page.keyboard.press("Control+k");
        await page.getByPlaceholder(/^Search, or type/).fill("opening");
        await page.getByRole("option", { name: /^Opening hours/ }).click();
        await page.getByRole("button", { name: "Opening hours", exact: true }).waitFor();
        await message.waitFor();
        await until("the address names no chat", () => !page.url().includes("chat="));
        const isInChat = () => page.evaluate(() => document.activeElement?.closest("[data-region='chat']") !== null);
        await message.focus();
        await page.keyboard.press("F6");
        await until("the next panel has the focus", async () => !(await isInChat()));
        await page.keyboard.press("Shift+F6");
        await until("the chat has it again", isInChat);
        await message.focus();
        const isComposer = () => message.evaluate((field) => field === document.activeElement);
        await page.keyboard.press("Shift+Tab");
        await until("the composer has lost the focus", async () => !(await isComposer()));
        await openList("Opening hours");
      },
    },
    {
      name: "a chat is renamed in the list, and another one is deleted after a confirmation",
      run: async () => {
        const name = list.getByRole("textbox", { name: "Chat name" });
        await list.getByRole("button", { name: "Rename Opening hours" }).click();
        await name.fill("Hours");
        await page.keyboard.press("Enter");
        await list.getByRole("button", { name: "Rename Hours" }).waitFor();
        expect((await chat.get({ params: { chat_id: older.id } })).title === "Hours", "the server has the name");
        await list.getByRole("button", { name: "Delete Prices" }).click();
        const question = page.getByRole("alertdialog", { name: "Delete “Prices”?" });
        await question.getByRole("button", { name: "Delete chat", exact: true }).click();
        await question.waitFor({ state: "detached" });
        expect(
          (await chat.sessions({ query: { project_id: project.id } })).items.every(({ title }) => title !== "Prices"),
          "it is deleted",
        );
        await page.keyboard.press("Escape");
      },
    },
    {
      name: "a slash suggests commands; /clear empties the chat after a confirmation",
      run: async () => {
        await message.fill("How many places are there?");
        await page.keyboard.press("Enter");
        await page.getByRole("log", { name: "Transcript" }).getByText("There are six places a day.").first().waitFor();
        const commands = page.getByRole("listbox", { name: "Commands" });
        await message.fill("/");
        await commands.getByRole("option").first().waitFor();
        await expectAccessible(page, "commands");
        await message.fill("/cl");
        await commands.getByRole("option", { name: /^\/clear/ }).waitFor();
        await page.keyboard.press("Enter");
        const question = page.getByRole("alertdialog");
        await question.getByRole("button", { name: "Clear chat", exact: true }).click();
        await question.waitFor({ state: "detached" });
        await until("it is empty", async () => (await chat.get({ params: { chat_id: older.id } })).messages.length === 0);
        await page.getByRole("log", { name: "Transcript" }).getByText("There are six places a day.").waitFor({ state: "detached" });
        expectNoProblems(watched);
      },
    },
  ];
});
