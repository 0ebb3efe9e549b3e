/// <reference lib="dom" />
/** Cards of the board that the agent works on. */
import { call, fail, say, script, when } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { allVariants, checkScreens, expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  context.model.setScript(
    script([
      when(/opening hours/, [
        say("I'll add a page for them."),
        call("write_file", { file_path: "hours.html", content: "<h1>Opening hours</h1>\n" }),
        say("The opening hours are on their own page."),
      ]),
      when(/print menu/, [fail(400, { message: "this model takes no such request" })]),
    ]),
  );
  const { studio, account, project, watched, page } = await context.openProject();
  const params = { project_id: project.slug };
  const { columns } = await account.api.kanban.board({ params });
  const add = (title: string, columnName: string, more: object = {}) =>
    account.api.kanban.createCard({
      params,
      body: { title, column_id: columns.find(({ name }) => name === columnName)?.id ?? null, ...more },
    });
  const column = (name: string) => page.locator("section[data-column]").filter({ has: page.getByRole("heading", { name, exact: true }) });
  const cardIn = (name: string, title: string) => column(name).getByTestId("board-card").filter({ hasText: title });
  const open = (ref: string) => page.getByRole("button", { name: new RegExp(`^Actions for ${ref}`) });
  const menu = async (title: string, columnName: string, ref: string, item: string) => {
    await cardIn(columnName, title).hover();
    await open(ref).click();
    await page.getByRole("menuitem", { name: item }).click();
  };

  return [
    {
      name: "“Run with agent” moves the card to In Progress; it says that it needs input, and its chat is one click away",
      run: async () => {
        await add("Show opening hours", "To Do", {
          description: "On a page of their own, with the **holidays**.",
          priority: "high",
          task_type: "feature",
          tags: ["site"],
        });
        await add("Make a print menu", "To Do", { priority: "medium", task_type: "task" });
        await add("Collect feedback", "Backlog");
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}/board`);
        await menu("Show opening hours", "To Do", "TSK-0001", "Run with agent");
        const running = cardIn("In Progress", "Show opening hours");
        await running.getByText("Needs your input").waitFor();
        await page.getByText("The agent is working on TSK-0001.").waitFor();
        await checkScreens(page, "board-waiting", { variants: allVariants, view: "Board" });
        await running.getByRole("button", { name: /Open chat/ }).click();
        await page.getByRole("log").getByText("Show opening hours").first().waitFor();
        await page.getByRole("link", { name: "Open card TSK-0001" }).waitFor();
      },
    },
    {
      name: "with the browser closed the run ends and the card is in Review, with state and cost",
      run: async () => {
        const { items } = await account.api.chat.sessions({ query: { project_id: project.id } });
        const chat = items.find((one) => one.card?.ref_number === 1);
        expect(chat !== undefined, "the chat names its card");
        await page.goto("about:blank");
        const { pending_approval } = await account.api.chat.get({ params: { chat_id: chat?.id ?? "" } });
        await account.api.chat.approval({ body: { approval_id: pending_approval?.approval_id ?? "", response: "allow_once" } });
        await until("the card is in Review", async () => {
          const board = await account.api.kanban.board({ params });
          return board.columns.find(({ name }) => name === "Review")?.tasks[0]?.run?.state === "completed";
        });
        await page.goto(`${studio.url}/p/${project.slug}/board`);
        await cardIn("Review", "Show opening hours").getByText("Run completed").waitFor();
      },
    },
    {
      name: "a run that fails moves its card back while the board is open, with the reason; the card's page has its runs",
      run: async () => {
        await menu("Make a print menu", "To Do", "TSK-0002", "Run with agent");
        const card = cardIn("To Do", "Make a print menu");
        await card.getByText("Run failed").waitFor();
        await card.getByText(/this model takes no such request/).waitFor();
        await card.locator("[data-card]").click();
        const sheet = page.getByRole("dialog", { name: "TSK-0002" });
        await sheet.getByRole("region", { name: "Agent" }).getByRole("button", { name: "Run again" }).waitFor();
        await expectAccessible(page, "card");
        await shot(page, "board-card");
        await page.emulateMedia({ colorScheme: "dark" });
        await shot(page, "board-card-dark");
        await page.emulateMedia({ colorScheme: "light" });
        await page.keyboard.press("Escape");
      },
    },
    {
      name: "filters are in the URL, also while a card is open and after a reload; the column for runs can be chosen",
      run: async () => {
        await page.getByRole("searchbox", { name: "Search cards" }).fill("menu");
        await page.getByText("Showing 1 of 3 cards").waitFor();
        await page.waitForURL(/[?&]q=menu/);
        await cardIn("To Do", "Make a print menu").locator("[data-card]").click();
        await page.waitForURL(/[?&]q=menu#TSK-0002/);
        await page.reload();
        await page.getByRole("dialog", { name: "TSK-0002" }).waitFor();
        await page.keyboard.press("Escape");
        await page.getByText("Showing 1 of 3 cards").waitFor();
        await page.getByRole("button", { name: "Clear filters" }).click();
        await page.waitForURL((url) => url.search === "" && url.hash === "");
        await page.getByRole("button", { name: "Actions for column To Do" }).click();
        await page.getByRole("menuitem", { name: "Edit column" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("Runs of the agent").click();
        await page.getByRole("option", { name: "Move cards here when a run starts" }).click();
        await shot(page, "board-column");
        await dialog.getByRole("button", { name: "Save" }).click();
        await until("only this column has it", async () => {
          const now = await account.api.kanban.board({ params });
          return now.columns.filter(({ run_stage }) => run_stage === "in_progress").map(({ name }) => name)[0] === "To Do";
        });
        expectNoProblems(watched);
      },
    },
  ];
});
