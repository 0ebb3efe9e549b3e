/// <reference lib="dom" />
/** Sub-agents, files that a run read, the agent's rules and memory, and runs that pause at a cost limit. */
import { call, parallel, pause, say, script, turn, usage, when } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const report = "The page has one heading and no prices. Styles are in `style.css`; nothing else refers to them.";
  const { model } = context;
  model.setScript(
    script([
      when(/find the styles/, [
        turn(say("I look for the style sheet."), call("glob", { pattern: "*.css" }), call("read_file", { file_path: "index.html" })),
        turn(pause(800), say(report)),
      ]),
      when(/write the prices/, [
        turn(
          call("write_file", { file_path: "prices.html", content: "<ul>\n<li>Bread 4.50</li>\n</ul>\n" }),
          call("read_file", { file_path: "none.html" }),
        ),
        say("Wrote `prices.html` with one price."),
      ]),
      when(/price lists in two steps/, [
        turn(say("The first list."), call("write_file", { file_path: "one.txt", content: "1\n" }), usage({ input: 20_000, output: 1_000 })),
        turn(call("write_file", { file_path: "two.txt", content: "2\n" }), usage({ input: 21_500, output: 1_000 })),
        say("Both lists are written."),
      ]),
      when(/menu page/, [
        parallel(
          call("load_skill", { skill_name: "accessible-forms" }),
          call("invoke_subagent", { name: "Explore", task: "find the styles and headings of this page" }),
          call("invoke_subagent", { name: "general-purpose", task: "write the prices into a page of their own" }),
        ),
        turn(call("read_file", { file_path: "index.html" }), call("remember", { note: "Prices are in Swiss francs" })),
        say("Two helpers looked and wrote. The prices are in `prices.html`."),
      ]),
    ]),
  );
  const { studio, account, project, watched, page } = await context.openProject();

  const composer = page.getByRole("textbox", { name: "Message to the agent" });
  const helper = (name: string) => page.locator('[data-tool="invoke_subagent"]').filter({ hasText: name });

  return [
    {
      name: "two concurrent sub-agents are shown live, then with their rows and reports, also after a reload",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}`);
        await composer.fill("Make a menu page");
        await page.keyboard.press("Enter");
        const ask = page.getByRole("button", { name: /Allow for this chat/ });
        await page.getByText("Requested by sub-agent general-purpose").first().waitFor();
        await helper("Explore").getByRole("button").first().click();
        await helper("Explore").getByText("index.html").first().waitFor();
        await checkScreens(page, "subagents-live");
        await ask.click();
        await helper("Explore").getByText("Styles are in").first().waitFor();
        await page.getByTestId("approval-card").getByText("Prices are in Swiss francs").first().waitFor();
        await shot(page, "remember-approval");
        await ask.click();
        await page.getByRole("log").getByText("Two helpers looked and wrote.").first().waitFor();
        await helper("general-purpose").getByRole("button").first().click();
        const calls = helper("general-purpose").getByTestId("subagent-call");
        const shown = await calls.allInnerTexts();
        expect(shown.length === 2 && /prices\.html/.test(shown[0] ?? "") && /failed/.test(shown[1] ?? ""), JSON.stringify(shown));
        await page.getByRole("button", { name: "Run context" }).click();
        await page.getByTestId("run-context").getByText("accessible-forms").first().waitFor();
        await checkScreens(page, "subagents-done");
        await page.reload();
        await helper("general-purpose").getByRole("button").first().click();
        expect(JSON.stringify(await calls.allInnerTexts()) === JSON.stringify(shown), "the rows after a reload");
      },
    },
    {
      name: "the agent's context: its note is shown, rules are saved, and a concurrent change is not lost",
      run: async () => {
        await page.goto(`${studio.url}/p/${project.slug}/settings`);
        const rules = page.getByRole("textbox", { name: "Rules" });
        const memory = page.getByRole("textbox", { name: "Memory" });
        await until("the note", async () => (await memory.inputValue()).includes("Swiss francs"));
        await rules.fill("Use tabs.\n");
        await page.getByRole("button", { name: "Save rules" }).click();
        const now = await until("the rules are written", async () => {
          const read = await account.api.agentContext.get({ params: { id: project.id } });
          return read.rules.content === "Use tabs.\n" ? read : undefined;
        });
        await memory.fill("- Prices are in euros\n");
        await account.api.agentContext.put({
          params: { id: project.id },
          body: { memory: { content: "- Another writer\n", etag: now.memory.etag } },
        });
        await page.getByRole("button", { name: "Save memory" }).click();
        await page.getByText("Someone else changed this file.").first().waitFor();
        await memory.scrollIntoViewIfNeeded();
        await checkScreens(page, "agent-knows", {
          view: "Settings",
          before: () => page.getByText("Agent context").scrollIntoViewIfNeeded(),
        });
        await page.getByRole("button", { name: "Load their version" }).click();
        await until("the other change is shown", async () => (await memory.inputValue()) === "- Another writer\n");
        expect((await page.getByText("Someone else changed this file.").count()) === 0, "the error is gone");
        await page.getByText("blank-preview").first().scrollIntoViewIfNeeded();
        await shot(page, "agent-knows-lists");
      },
    },
    {
      name: "a run pauses at its cost limit and continues as one answer, also after a reload",
      run: async () => {
        await page.goto(`${studio.url}/p/${project.slug}`);
        await page.getByRole("log").getByText("Two helpers looked and wrote.").first().waitFor();
        await page.getByLabel("New chat", { exact: true }).click();
        await page.getByRole("button", { name: /^Mode: / }).click();
        await page.getByRole("menuitemradio", { name: /^Auto/ }).click();
        await page.getByRole("button", { name: /^Context and cost/ }).click();
        await page.getByLabel("Limit per run (USD)").fill("0.05");
        await page.getByRole("button", { name: "Save", exact: true }).click();
        await page.getByText("The run pauses at $0.05.").waitFor();
        await shot(page, "cap-set");
        await page.keyboard.press("Escape");
        await composer.fill("Write price lists in two steps");
        await page.keyboard.press("Enter");
        const card = page.getByRole("region", { name: "Run paused" });
        await card.getByText(/Paused at the limit of \$0\.05/).waitFor();
        await checkScreens(page, "paused");
        await card.getByRole("button", { name: "Continue" }).click();
        const log = page.getByRole("log");
        await log.getByText("Both lists are written.").first().waitFor();
        await card.waitFor({ state: "detached" });
        const whole = async () => {
          const text = await log.innerText();
          const positions = ["Write price lists in two steps", "The first list.", "one.txt", "two.txt", "Both lists are written."].map(
            (part) => text.indexOf(part),
          );
          return (
            positions.every((position, at) => position >= 0 && position > (positions[at - 1] ?? -1)) &&
            text.split("Write price lists").length === 2
          );
        };
        await until("one answer, in order, with one message", whole);
        const { total } = await account.api.chat.sessions({ query: { project_id: project.id } });
        expect(total === 2, `a new chat is a separate session: ${total}`);
        await shot(page, "continued");
        await page.reload();
        await log.getByText("Both lists are written.").first().waitFor();
        await until("the same after a reload", whole);
        expectNoProblems(watched);
      },
    },
  ];
});
