/** The agent at work: an approval, a plan, a pause, a review and a verify. */
import { call, parallel, say, script, turn, usage, when } from "@tesslate/testkit";
import { createBakery } from "../bakery.ts";
import { signIn } from "../browser.ts";
import { journey } from "../journey.ts";
import { picture } from "../picture.ts";

const menu = `<!doctype html>
<html lang="en">
  <title>Menu</title>
  <h1>Menu</h1>
  <ul>
    <li>Sourdough loaf, 6.80</li>
    <li>Rye bread, 5.40</li>
  </ul>
</html>
`;
const todos = (now: "pending" | "in_progress", ...done: ("completed" | "in_progress")[]) => ({
  plan: [
    { step: "Read the page and its styles", status: done[0] ?? now },
    { step: "Write the menu with prices", status: done[1] ?? now },
    { step: "Check it on a phone", status: "pending" },
  ],
});
const confirmation = `One loaf for \${name.value}, to be picked up tomorrow.`;

export default journey({}, async ({ model, studio, signUp, openWindow }) => {
  model.setScript(
    script([
      when(/menu page with prices/, [
        turn(say("I'll look at the page first."), call("read_file", { file_path: "index.html" })),
        call("update_plan", todos("pending", "completed", "in_progress")),
        turn(say("Now the menu."), call("write_file", { file_path: "menu.html", content: menu })),
        say("The menu is written."),
      ]),
      when(/Plan a menu/, [
        turn(say("I'll look at the page first."), call("read_file", { file_path: "index.html" })),
        call("save_plan", {
          task: "A menu that people can read on a phone",
          steps: [{ step: "Read the page and its styles" }, { step: "Write the menu with prices" }, { step: "Check it on a phone" }],
          critical_files: ["index.html", "style.css"],
        }),
        say("This is the plan. Remove what you don't want."),
      ]),
      when(/price list/, [
        turn(
          say("I'll start with the bread."),
          call("write_file", { file_path: "bread.txt", content: "Rye bread, 5.40\n" }),
          usage({ input: 20_000, output: 1_000 }),
        ),
        turn(call("write_file", { file_path: "cakes.txt", content: "Apple cake, 4.20\n" }), usage({ input: 21_500, output: 1_000 })),
        say("Both lists are written."),
      ]),
      when(/when they can pick up/, [
        turn(
          say("I'll read the page and its script."),
          parallel(call("read_file", { file_path: "index.html" }), call("read_file", { file_path: "main.js" })),
        ),
        turn(
          parallel(
            call("edit_file", { file_path: "main.js", search: "One loaf for ${name.value}", replace: confirmation }),
            call("edit_file", {
              file_path: "index.html",
              edits: [
                { search: '<p class="place">Alder Street 12</p>', replace: '<p class="place">Alder Street 12, open from seven</p>' },
                { search: ">Reserve</button>", replace: ">Reserve a loaf</button>" },
              ],
            }),
          ),
        ),
        say("The confirmation now says when the loaf can be picked up."),
      ]),
      when(/reserve a loaf/, [
        turn(say("I'll look at the page."), call("read_file", { file_path: "index.html" })),
        turn(call("edit_file", { file_path: "index.html", search: ">Reserve</button>", replace: ">Reserve a loaf</button>" })),
        call("verify", {
          title: "A loaf can be reserved",
          steps: [
            { action: "expect_text", text: "Alder Street Bakery" },
            { action: "screenshot", value: "Before the order" },
            { action: "fill", label: "Your name", value: "Nadia" },
            { action: "click", role: "button", name: "Reserve a loaf" },
            { action: "expect_text", text: "One loaf for Nadia" },
            { action: "screenshot", value: "After the order" },
          ],
        }),
        say("A loaf can be reserved. The checks and screenshots are below."),
      ]),
    ]),
  );
  const account = await signUp();
  const { page } = await openWindow();
  const { api } = account;
  const composer = page.getByRole("textbox", { name: "Message to the agent" });
  const log = page.getByRole("log");
  await signIn(page, studio.url, account);

  /** Opens a new bakery with its app running. */
  const openBakery = async (mode: "Ask" | "Auto" | "Plan") => {
    const project = await createBakery(account);
    await page.goto(`${studio.url}/p/${project.slug}`);
    await page
      .frameLocator("[data-testid=preview-frame]")
      .getByRole("heading", { name: "Alder Street Bakery" })
      .waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: /^Mode: / }).click();
    await page.getByRole("menuitemradio", { name: new RegExp(`^${mode}`) }).click();
    return project;
  };
  const send = async (text: string) => {
    await composer.fill(text);
    await page.keyboard.press("Enter");
  };

  return [
    {
      name: "an approval, to-dos and queued messages",
      run: async () => {
        await openBakery("Ask");
        await send("Write a menu page with prices");
        await page.getByRole("button", { name: /Allow once/ }).waitFor();
        const queue = page.getByRole("region", { name: "Queued messages" }).getByRole("listitem");
        for (const [at, text] of ["Link the menu from the first page", "Add our opening hours to the footer"].entries()) {
          await send(text);
          await queue.nth(at).waitFor();
        }
        await picture(page, "approval");
      },
    },
    {
      name: "a plan",
      run: async () => {
        await openBakery("Plan");
        await send("Plan a menu");
        await page.getByRole("button", { name: "Build 3 steps" }).waitFor();
        await log.getByText("This is the plan.").first().waitFor();
        await picture(page, "plan");
      },
    },
    {
      name: "a pause",
      run: async () => {
        await openBakery("Auto");
        await page.getByRole("button", { name: /^Context and cost/ }).click();
        await page.getByLabel("Limit per run (USD)").fill("0.05");
        await page.getByRole("button", { name: "Save", exact: true }).click();
        await page.getByText("The run pauses at $0.05.").waitFor();
        await page.keyboard.press("Escape");
        await send("Write a price list for bread and one for cakes");
        await page.getByRole("region", { name: "Run paused" }).waitFor();
        await page.getByTestId("changes-card").getByText("cakes.txt").waitFor();
        await picture(page, "pause");
        await page.getByRole("button", { name: /^Context and cost/ }).click();
        await page.getByLabel("Limit per run (USD)").fill("");
        await page.getByRole("button", { name: "Save", exact: true }).click();
      },
    },
    {
      name: "a review",
      run: async () => {
        await openBakery("Auto");
        await send("Tell people when they can pick up their loaf");
        await page.getByTestId("changes-card").getByText("main.js").waitFor();
        await page.getByTestId("changes-card").getByRole("button", { name: "Review" }).click();
        await page.getByTestId("hunk").nth(1).waitFor();
        await page.getByRole("combobox", { name: "Run" }).getByText("Tell people").waitFor();
        await page.getByRole("button", { name: /^Keep all/ }).waitFor();
        await picture(page, "review");
      },
    },
    {
      name: "a verify",
      run: async () => {
        const { id } = await openBakery("Auto");
        const { content } = (await api.files.get({ params: { id, path: "package.json" }, query: {} })) as { content: string };
        const manifest = JSON.parse(content) as { scripts: object };
        const scripts = { ...manifest.scripts, test: "grep -q order index.html" };
        await api.files.put({
          params: { id, path: "package.json" },
          body: { content: JSON.stringify({ ...manifest, scripts }, undefined, 2) },
        });
        await api.projects.update({ params: { id }, body: { settings: { agent_checks: "both" } } });
        await send("People should be able to reserve a loaf");
        const card = page.getByTestId("evidence-card");
        await card.getByText("7 of 7 steps").waitFor({ timeout: 60_000 });
        await card.getByText("1 of 1 check passed").waitFor();
        await card.getByRole("img").nth(1).waitFor();
        await page.getByRole("button", { name: "Send", exact: true }).waitFor();
        await page.getByTestId("changes-card").getByText("index.html").waitFor();
        await card.scrollIntoViewIfNeeded();
        await picture(page, "verify");
      },
    },
  ];
});
