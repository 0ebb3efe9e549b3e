/// <reference lib="dom" />
/**
 * What a person sees of runs while they go on, and a transcript of twenty runs that is the same after a reload and on another device.
 * On the built product, with the scripted model over a real socket. `--shots DIR` also writes screenshots.
 */
import { call, fail, load, nextMessage, parallel, pause, say, script, think, turn } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens, expectNoProblems } from "../screens.ts";

export default journey({}, async (context) => {
  const { model } = context;
  /** Longer than the checks of a state take; the journey stops the run when it has seen the state. */
  const heldMs = 120_000;
  const colored = String.raw`printf '\033[32mok\033[0m %s\n' one two three`;
  const component = `export const Hours = () => (\n  <ul>\n${"    <li>07:30 to 18:00</li>\n".repeat(60)}  </ul>\n);\n`;
  const ask = (question: string) => call("ask_question", { question, choices: [{ label: "Card" }, { label: "Invoice" }] });
  model.setScript(
    script([
      turn(
        think("The person wants opening hours. I read the page first, and then I add a list below the headline."),
        pause(heldMs),
        say("Never."),
      ),
      nextMessage(),
      turn(say("Writing the list."), call("write_file", { file_path: "hours.tsx", content: component })),
      say("The list is there."),
      nextMessage(),
      call("run_command", { command: `${colored}; sleep 120` }),
      say("Done."),
      nextMessage(),
      call("run_command", { command: `${colored}; sleep 300`, background: true }),
      turn(pause(heldMs), say("It runs.")),
      nextMessage(),
      fail(429, { retryAfter: 50, message: "Rate limit reached for scripted on requests per min." }),
      say("After the wait."),
      nextMessage(),
      fail(401, { message: "Incorrect API key provided: sk-e2e.", times: 1 }),
      say("With a valid key."),
      nextMessage(),
      ask("How should people pay?"),
      say("Card it is."),
      nextMessage(),
      ask("And where do they pick it up?"),
      say("At the door."),
      nextMessage(),
      call("request_secret", { name: "STRIPE_KEY", reason: "To take cards." }),
      say("Cards work."),
      nextMessage(),
      call("write_file", { file_path: "menu.md", content: "# Menu\n\nRye bread, 4.50\n" }),
      say("The menu is written."),
      nextMessage(),
      call("write_file", { file_path: "prices.md", content: "# Prices\n" }),
      say("I leave the prices."),
      nextMessage(),
      call("run_command", { command: "ls" }),
      call("run_command", { command: "pwd" }),
      say("Two commands, one question."),
      nextMessage(),
      parallel(
        call("read_file", { file_path: "menu.md" }),
        call("glob", { pattern: "*.md" }),
        call("read_file", { file_path: "missing.md" }),
      ),
      say("Read in parallel."),
      nextMessage(),
      call("todo_write", {
        todos: [
          { content: "Write the menu", status: "completed" },
          { content: "Print it", status: "pending" },
        ],
      }),
      say("Two to-dos."),
      nextMessage(),
      turn(say("This answer is cut off by the person "), load({ tokensPerSecond: 20 })),
      nextMessage(),
      call("run_command", { command: "exit 3" }),
      say("It failed with 3."),
      nextMessage(),
      say("# A heading\n\nA table:\n\n| slot | places |\n|---|---|\n| 07:30 | 2 |\n\n```ts\nconst a = 1;\n```\n"),
      nextMessage(),
      turn(think("Short."), say("A thought before the answer.")),
      nextMessage(),
      call("edit_file", { file_path: "menu.md", edits: [{ search: "4.50", replace: "4.80" }] }),
      say("The price is changed."),
      nextMessage(),
      say("The twentieth answer."),
    ]),
  );
  const { studio, account, project, watched, page } = await context.openProject();
  const composer = page.getByRole("textbox", { name: "Message to the agent" });
  const log = page.getByRole("log", { name: "Transcript" });
  const stop = page.getByRole("button", { name: "Stop run", exact: true });
  const send = async (text: string) => {
    await composer.fill(text);
    await composer.press("Enter");
  };
  /** Sends a message and waits for the end of its run. */
  const sent = async (text: string, answer: string) => {
    await send(text);
    await log.getByText(answer).last().waitFor();
    await stop.waitFor({ state: "detached" });
  };
  const output = (where: typeof log) => where.getByRole("log", { name: /^Output of printf/ }).getByText("ok three");
  const stopRun = async () => {
    await stop.click();
    await stop.waitFor({ state: "detached" });
  };
  const setMode = async (name: RegExp) => {
    await page.getByRole("button", { name: /^Mode: / }).click();
    await page.getByRole("menuitemradio", { name }).click();
  };
  /** The text of the whole transcript: `innerText` leaves out blocks that the browser skips because they are scrolled out of sight. */
  const textOf = (one: typeof page) =>
    one.getByRole("log", { name: "Transcript" }).evaluate((element) => {
      const blocks = [...element.querySelectorAll("div")].filter((block) => getComputedStyle(block).contentVisibility === "auto");
      for (const block of blocks) block.style.contentVisibility = "visible";
      const text = (element as HTMLElement).innerText;
      for (const block of blocks) block.style.contentVisibility = "";
      return text;
    });

  return [
    {
      name: "the model's thinking, and a file while it is written, are shown live",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}`);
        await composer.waitFor();
        await setMode(/^Auto/);
        await send("Add opening hours");
        await log.getByText("I add a list below the headline.").waitFor();
        await checkScreens(page, "run-thinking");
        await stopRun();
        model.setTokenDelay(60);
        await send("Write them into a component");
        const row = log.getByTestId("draft-row");
        await row.getByText("hours.tsx").waitFor();
        await until("it has grown", async () => Number(/(\d+) lines/.exec((await row.textContent()) ?? "")?.[1] ?? 0) >= 5);
        await checkScreens(page, "run-writing");
        model.setTokenDelay(0);
        await log.getByText("The list is there.").waitFor({ timeout: 120_000 });
        await stop.waitFor({ state: "detached" });
        expect((await row.count()) === 0, "the file's row replaces it");
      },
    },
    {
      name: "a command prints live, in the background too, and can be stopped",
      run: async () => {
        await send("Count to three");
        await output(log).waitFor();
        await checkScreens(page, "run-command");
        await stopRun();
        await send("Count in the background");
        const row = log.getByTestId("command-row");
        await row.getByText("In the background").waitFor();
        await row.getByRole("button", { expanded: false }).click();
        await output(row).waitFor();
        await checkScreens(page, "run-background");
        await row.getByRole("button", { name: /^Stop/ }).click();
        await row.getByRole("button", { expanded: true }).click();
        await until("it is stopped", async () => (await row.getAttribute("data-state")) === "stopped_by_person");
        await stopRun();
      },
    },
    {
      name: "a rate limit is a countdown that can be cut short; a refused key offers what can be done",
      run: async () => {
        await send("Ask the busy model");
        const retry = log.getByRole("group", { name: "Failed model call" });
        await retry.getByText(/Retrying in \d+ s/).waitFor();
        await retry.getByText("Rate limit reached for scripted").waitFor();
        await checkScreens(page, "run-retry");
        await retry.getByRole("button", { name: "Retry now" }).click();
        await log.getByText("After the wait.").waitFor();
        await send("Ask with a wrong key");
        const error = log.getByRole("alert").last();
        await error.getByRole("link", { name: "Change key" }).waitFor();
        await checkScreens(page, "run-refused-key");
        await error.getByRole("button", { name: "Retry" }).click();
        await log.getByText("With a valid key.").waitFor();
        await stop.waitFor({ state: "detached" });
      },
    },
    {
      name: "questions are answered in the card and in the composer, a secret in its field",
      run: async () => {
        const card = page.getByTestId("question-card");
        await send("Take payments");
        await card.getByText("How should people pay?").waitFor();
        await card.getByRole("radio", { name: "Card" }).check();
        await card.getByRole("button", { name: "Answer" }).click();
        await log.getByText("Card it is.").waitFor();
        await stop.waitFor({ state: "detached" });
        await send("And the pick-up?");
        await card.getByText("And where do they pick it up?").last().waitFor();
        await composer.fill("At the back door");
        await checkScreens(page, "run-composer-answer");
        await composer.press("Enter");
        await log.getByText("At the door.").waitFor();
        await log.getByText("At the back door").waitFor();
        await stop.waitFor({ state: "detached" });
        await send("Set the key");
        await page.getByLabel("Value of STRIPE_KEY").fill("sk-live-5f1c0a2b");
        await page.keyboard.press("Enter");
        await log.getByText("Cards work.").waitFor();
        await stop.waitFor({ state: "detached" });
      },
    },
    {
      name: "approvals: allowed, denied with a note, allowed for the chat",
      run: async () => {
        await setMode(/^Ask/);
        await send("Write the menu");
        await page.getByRole("button", { name: /Allow once/ }).click();
        await log.getByText("The menu is written.").waitFor();
        await stop.waitFor({ state: "detached" });
        await send("Write the prices");
        await page.getByRole("button", { name: "Add note" }).click();
        await page.getByLabel("What should the agent do instead? (optional)").fill("Not yet, they change");
        await page.getByRole("button", { name: /Deny with note/ }).click();
        await log.getByText("I leave the prices.").waitFor();
        await stop.waitFor({ state: "detached" });
        await send("Look around");
        await page.getByRole("button", { name: /Allow for this chat/ }).click();
        await log.getByText("Two commands, one question.").waitFor();
        await stop.waitFor({ state: "detached" });
        await setMode(/^Auto/);
      },
    },
    {
      name: "twenty runs read the same after a reload and on another device",
      run: async () => {
        await sent("Read everything", "Read in parallel.");
        await sent("Plan the print", "Two to-dos.");
        await send("Tell me everything");
        await log.getByText("This answer is cut off by the person").waitFor();
        await stopRun();
        await sent("Fail once", "It failed with 3.");
        await sent("Show a table", "A heading");
        await sent("Think first", "A thought before the answer.");
        await sent("Raise the price", "The price is changed.");
        await sent("The last one", "The twentieth answer.");
        const live = await textOf(page);
        for (const text of ["Denied", "Not yet, they change", "Card", "At the back door", "STRIPE_KEY is set", "cut off by the person"])
          expect(live.includes(text), `the transcript has “${text}”`);
        expect(!live.includes("sk-live-5f1c0a2b"), "the secret is not in it");
        await page.reload();
        await log.getByText("The twentieth answer.").waitFor();
        const other = await context.openWindow();
        await signIn(other.page, studio.url, account);
        await other.page.goto(`${studio.url}/p/${project.slug}`);
        await other.page.getByRole("log", { name: "Transcript" }).getByText("The twentieth answer.").waitFor();
        for (const [where, one] of [
          ["after a reload", page],
          ["on another device", other.page],
        ] as const) {
          // Earlier messages are loaded on demand.
          const earlier = one.getByRole("button", { name: "Show earlier messages" });
          while ((await earlier.count()) > 0) {
            await earlier.click();
            await earlier.waitFor({ state: "detached", timeout: 2_000 }).catch(() => undefined);
          }
          const shown = await textOf(one);
          const at = [...shown].findIndex((character, index) => character !== live[index]);
          expect(shown === live, `${where}: “${live.slice(at - 60, at + 80)}” became “${shown.slice(at - 60, at + 80)}”`);
        }
        expectNoProblems(watched);
        expectNoProblems(other);
      },
    },
  ];
});
