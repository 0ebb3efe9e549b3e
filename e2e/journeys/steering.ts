/// <reference lib="dom" />
/** Plans, the message queue, and steering of runs. */
import { call, nextMessage, pause, say, script, turn } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { expect, journey, note, until } from "../journey.ts";
import { checkScreens, expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const steps = ["Read the page and its styles", "Write the menu with prices", "Check it on a phone"];
  const { model } = context;
  model.setScript(
    script([
      say("I looked at the page."),
      call("save_plan", {
        task: "A menu page that people can read on a phone",
        steps: steps.map((step) => ({ step })),
        critical_files: ["index.html", "style.css"],
      }),
      say("Here is the plan. Untick what you do not want."),
      nextMessage(),
      call("update_plan", {
        plan: [
          { step: "Check it on a phone", status: "pending" },
          { step: "Read the page and its styles", status: "in_progress" },
        ],
      }),
      call("update_plan", {
        plan: [
          { step: "Check it on a phone", status: "completed" },
          { step: "Read the page and its styles", status: "completed" },
        ],
      }),
      say("Built what was ticked."),
      nextMessage(),
      say("First a file."),
      call("write_file", { file_path: "menu.html", content: "<h1>Menu</h1>\n" }),
      nextMessage(),
      say("Blue it is."),
      nextMessage(),
      turn(say("This takes a while"), pause(60_000), say(".")),
      nextMessage(),
      say("The first one, at last."),
    ]),
  );
  const { studio, account, project, watched, page } = await context.openProject();

  /** Text in the transcript, without the announcements for screen readers. */
  const transcriptText = (text: string) => page.getByRole("log").getByText(text).first();
  const composer = page.getByRole("textbox", { name: "Message to the agent" });
  const plan = page.getByRole("region", { name: "Plan" });
  const queue = page.getByRole("region", { name: "Queued messages" });
  const waiting = () =>
    queue.getByRole("listitem").evaluateAll((items) => items.map((item) => item.textContent?.replace(/next|Ask|Auto|steering/g, "")));
  const chat = async () => {
    const { items } = await account.api.chat.sessions({ query: { project_id: project.id } });
    return account.api.chat.get({ params: { chat_id: items[0]?.id ?? "" } });
  };
  const questions = async () => (await chat()).messages.filter((message) => message.role === "user").map((message) => message.content);

  return [
    {
      name: "a plan of three steps: one excluded, one moved, built with two to-dos",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}`);
        // By a slash command; its list opens and can be navigated.
        await composer.fill("/");
        await page.getByRole("option", { name: /\/plan/ }).waitFor();
        await expectAccessible(page, "commands");
        await shot(page, "steering-commands");
        await composer.pressSequentially("pl");
        await page.keyboard.press("Enter");
        await page.getByRole("button", { name: "Mode: Plan" }).waitFor();
        await composer.fill("Plan a menu page");
        await page.keyboard.press("Enter");
        await plan.getByRole("listitem").nth(2).waitFor();
        await transcriptText("Untick what you do not want").waitFor();
        await plan.getByRole("button", { name: "Build 3 steps" }).waitFor();
        await checkScreens(page, "steering-plan");
        await plan.getByRole("checkbox", { name: /Write the menu/ }).click();
        await plan.getByRole("button", { name: /^Move step 3/ }).press("ArrowUp");
        await plan
          .getByRole("listitem")
          .nth(1)
          .filter({ hasText: steps[2] ?? "" })
          .waitFor();
        await plan.getByRole("button", { name: /^Move step 2/ }).press("ArrowUp");
        await until("the plan is stored", async () => {
          const stored = await account.api.plans.get({ params: { chat_id: (await chat()).id } });
          return (
            stored.plan?.steps.map((step) => `${step.is_included ? "" : "-"}${step.step}`).join() === `${steps[2]},${steps[0]},-${steps[1]}`
          );
        });
        // Modes beyond Ask need the menu.
        await plan.getByRole("button", { name: "Build mode: Ask" }).click();
        await page.getByRole("menuitemradio", { name: /^Auto/ }).click();
        await plan.getByRole("button", { name: "Build 2 steps" }).click();
        const todos = page.getByRole("region", { name: "To-do list" });
        await todos.getByText("2 of 2").waitFor();
        await transcriptText("Built what was ticked.").waitFor();
        await plan.getByText("2 of 2 done").waitFor();
        await page.reload();
        await todos.getByText("2 of 2").waitFor();
        await plan.getByText("2 of 2 done").waitFor();
        await todos.getByRole("button", { name: "Expand to-dos" }).click();
        expect((await todos.getByRole("list").getByRole("listitem").count()) === 2, "two to-dos");
        expect((await page.getByTestId("run-mode").allTextContents()).join() === "Plan,Auto", "each run shows its mode");
        const sent = model.requests.at(-1)?.request?.messages.findLast(({ role, text }) => role === "user" && text.includes("=== PLAN "));
        expect(sent !== undefined && !sent.text.includes("Write the menu"), "the plan is sent without the excluded step");
      },
    },
    {
      name: "during a run two messages are queued, the second moved to the front, the run steered; then the second starts, is stopped, and the first waits",
      run: async () => {
        await page.getByRole("button", { name: "Mode: Plan" }).click();
        await page.getByRole("menuitemradio", { name: /^Ask/ }).click();
        await composer.fill("Write the menu");
        await page.keyboard.press("Enter");
        await page.getByRole("button", { name: /Allow once/ }).waitFor();
        for (const text of ["First: add opening hours to the page, in the footer", "Second: a map"]) {
          await composer.fill(text);
          await page.keyboard.press("Enter");
          await queue.getByText(text).waitFor();
        }
        const grip = (name: string) => queue.getByRole("button", { name: `Move: ${name}` });
        const [from, to] = await Promise.all(["Second", "First"].map((name) => grip(name).boundingBox()));
        if (!from || !to) throw new Error("no drag handles");
        await page.mouse.move(from.x + 5, from.y + from.height / 2);
        await page.mouse.down();
        await page.mouse.move(to.x + 5, to.y + to.height / 2 - 12, { steps: 5 });
        await page.mouse.up();
        await until("the server has the order", async () => {
          const { items } = await account.api.queue.list({ params: { chat_id: (await chat()).id } });
          return items.map((item) => item.message.split(":")[0]).join() === "Second,First";
        });
        // Edited in place, by keyboard.
        await queue.getByRole("button", { name: "Second: a map", exact: true }).press("Enter");
        await page.getByRole("textbox", { name: "Queued message" }).fill("Second: a map with a pin");
        await page.keyboard.press("Enter");
        await composer.fill("Make it blue");
        await page.keyboard.press("Control+Enter");
        await queue.getByText("steering").waitFor();
        const expected = "Make it blue|Second: a map with a pin|First: add opening hours to the page, in the footer";
        await until(expected, async () => (await waiting()).join("|") === expected);
        await checkScreens(page, "steering-queue");
        await page.reload();
        await queue.getByText("Make it blue").waitFor();
        await page.getByRole("button", { name: /Allow once/ }).click();
        await transcriptText("Blue it is.").waitFor();
        await page.getByText("sent during run").waitFor();
        await transcriptText("This takes a while").waitFor();
        expect((await questions()).at(-1) === "Second: a map with a pin", "the second starts first");
        const stoppedAt = Date.now();
        await page.getByRole("button", { name: "Stop run" }).click();
        await transcriptText("Stopped").waitFor();
        note(`stopped after ${Date.now() - stoppedAt} ms`);
        await queue.getByText("The run was stopped.").waitFor();
        await checkScreens(page, "steering-held");
        await queue.getByRole("button", { name: "Resume queue" }).click();
        await transcriptText("The first one, at last.").waitFor();
        await until("the queue is empty", async () => (await queue.count()) === 0);
        expect((await questions()).length === 5, (await questions()).join(" | "));
        await page.getByText("sent during run").waitFor();
        await composer.fill("/cl");
        await page.keyboard.press("Enter");
        await page.getByRole("alertdialog").getByRole("button", { name: "Clear chat" }).click();
        await page.getByRole("heading", { name: "What do you want to change?" }).waitFor();
        expect((await chat()).messages.length === 0 && (await plan.count()) === 0, "cleared");
        expectNoProblems(watched);
      },
    },
  ];
});
