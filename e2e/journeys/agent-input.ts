/// <reference lib="dom" />
/**
 * Attachments and mentions for the agent, and its questions and secret requests.
 * On the built product, with the scripted model over a real socket. `--shots DIR` also writes screenshots.
 */
import { call, nextMessage, png, say, script } from "@tesslate/testkit";
import { createProject, finished } from "../account.ts";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const canary = "sk-live-canary-51f0c2a9";
  const { model } = context;
  model.setScript(
    script([
      say("A blue rectangle, and the page that @ points at."),
      nextMessage(),
      call("ask_question", {
        question: "How should people pay?",
        choices: [
          { label: "Card", description: "Stripe Checkout, hosted by Stripe" },
          { label: "Invoice", description: "They get a PDF by mail" },
        ],
      }),
      call("request_secret", { name: "STRIPE_KEY", reason: "To take cards. Stripe dashboard, Developers, API keys.", container: "web" }),
      say("Cards work after a restart."),
    ]),
  );
  const { studio, account, project, watched, page } = await context.openProject();

  const message = page.getByRole("textbox", { name: "Message to the agent" });
  const chips = page.getByTestId("attachment");
  const card = page.getByTestId("question-card");
  /** The data of a paste event. */
  const paste = (given: { text?: string; file?: { name: string; type: string; base64: string } }, into = message) =>
    into.evaluate((element, { text, file }) => {
      const data = new DataTransfer();
      if (text !== undefined) data.setData("text/plain", text);
      if (file) data.items.add(new File([Uint8Array.from(atob(file.base64), (c) => c.charCodeAt(0))], file.name, { type: file.type }));
      element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }, given);
  const html = () => page.evaluate(() => document.documentElement.outerHTML);

  return [
    {
      name: "a pasted image and a long text become attachments, @ suggests the file, and the model gets all of it",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}`);
        await message.waitFor();
        await message.focus();
        await paste({ file: { name: "sketch.png", type: "image/png", base64: png(320, 200).toString("base64") } });
        await chips.filter({ hasText: "sketch.png" }).locator("img").waitFor();
        await paste({ text: `The menu of the bakery\n${"Rye bread, 4.50\n".repeat(200)}` });
        await chips.filter({ hasText: "Pasted text 1.txt" }).waitFor();
        expect((await message.inputValue()) === "", "a long text is not inserted into the message");
        await until("both are uploaded", async () => (await page.getByRole("progressbar", { name: /Uploading/ }).count()) === 0);
        await message.pressSequentially("Make @ind");
        const list = page.getByRole("listbox", { name: "Files and folders" });
        await list.waitFor();
        const active = await message.getAttribute("aria-activedescendant");
        const first = list.getByRole("option").first();
        expect(
          (await first.getAttribute("id")) === active && (await first.getAttribute("aria-selected")) === "true",
          "the first one is selected",
        );
        await until("the file is suggested first", async () => (await first.textContent())?.startsWith("index.html") === true);
        await checkScreens(page, "composer");
        await page.keyboard.press("Enter");
        expect((await message.inputValue()) === "Make @index.html ", `the mention is inserted: ${await message.inputValue()}`);
        await message.pressSequentially("look like this");
        await page.keyboard.press("Enter");
        const log = page.getByRole("log");
        await log.getByRole("img", { name: "sketch.png" }).waitFor();
        await log.getByText("A blue rectangle").waitFor();
        const lastMessage = model.requests.at(-1)?.request?.messages.at(-1);
        expect(lastMessage?.role === "user" && lastMessage.images?.length === 1, "the model gets the image");
        expect(/Pasted text 1\.txt[\s\S]*Rye bread/.test(lastMessage?.text ?? ""), "the paste is quoted");
        expect(/--- index\.html \(etag/.test(lastMessage?.text ?? ""), "the mentioned file is quoted");
        expect((await chips.count()) === 0, "the next message has no attachments");
        await page.reload();
        await log.getByRole("img", { name: "sketch.png" }).waitFor();
        expect((await message.inputValue()) === "", "the sent text is not restored as a draft");
        await shot(page, "sent-light-d");
      },
    },
    {
      name: "a question is answered with the keyboard, and stays visible with its answer",
      run: async () => {
        await message.fill("Take payments");
        await page.keyboard.press("Enter");
        await card.getByText("How should people pay?").waitFor();
        await page.reload();
        await card.getByText("How should people pay?").waitFor();
        await checkScreens(page, "question");
        await card.focus();
        await page.keyboard.press("1");
        expect(await card.getByRole("radio", { name: /Card/ }).isChecked(), "1 picks the first choice");
        await page.keyboard.press("2");
        await page.keyboard.press("1");
        await card.getByRole("button", { name: "Answer" }).click();
        const answered = page.getByRole("log").locator('[data-testid="question-card"][data-answer="answered"]');
        await answered.filter({ hasText: "How should people pay?" }).getByText("Card", { exact: true }).waitFor();
      },
    },
    {
      name: "a secret is stored: its value is neither on the page nor in the chat, the events or the model's prompts",
      run: async () => {
        const field = page.getByLabel("Value of STRIPE_KEY");
        await field.waitFor();
        expect((await field.getAttribute("type")) === "password", "the input is hidden");
        await checkScreens(page, "secret");
        await field.fill(canary);
        await page.keyboard.press("Enter");
        await page.getByRole("log").getByText("STRIPE_KEY is set", { exact: true }).waitFor();
        await page.getByRole("log").getByText("Cards work after a restart.").waitFor();
        expect(!(await html()).includes(canary), "not on the page");
        await shot(page, "answered-light-d");
        await page.reload();
        await page.getByRole("log").getByText("Cards work after a restart.").waitFor();
        expect(!(await html()).includes(canary), "not on the page after a reload");
        const { items } = await account.api.secrets.list({ params: { project_id: project.slug } });
        expect(JSON.stringify(items.map(({ key, masked }) => [key, masked])) === '[["STRIPE_KEY","********"]]', "listed, masked");
        const chat = await account.api.chat.history({ params: { project_id: project.slug } });
        expect(!JSON.stringify(chat).includes(canary), "not in the chat");
        expect(!JSON.stringify(model.requests).includes(canary), "not in the model's prompts");
        expect(!studio.output().includes(canary), "not in the log");
      },
    },
    {
      name: "a project's default model is used, until another one is selected",
      run: async () => {
        await page.getByRole("button", { name: "Model: scripted" }).waitFor();
        await page.goto(`${studio.url}/p/${project.slug}/settings`);
        const section = page.getByRole("region", { name: "Agent", exact: true });
        await section.getByLabel("Model", { exact: true }).click();
        await page.getByRole("option", { name: /^gpt-4o/ }).click();
        await page.getByRole("button", { name: "Model: gpt-4o" }).waitFor();
        await page.reload();
        await section.getByLabel("Model", { exact: true }).getByText("gpt-4o").waitFor();
        await page.getByRole("button", { name: "Model: gpt-4o" }).waitFor();
        await section.scrollIntoViewIfNeeded();
        await shot(page, "project-model");
        await section.getByLabel("Model", { exact: true }).click();
        await shot(page, "project-model-menu");
        await page.getByRole("option", { name: /^Default/ }).click();
        await page.getByRole("button", { name: "Model: scripted" }).waitFor();
        await page.goto(`${studio.url}/p/${project.slug}`);
      },
    },
    {
      name: "an image for a model without vision: a warning before sending, and one click switches the model",
      run: async () => {
        await page.getByRole("button", { name: "Model: scripted" }).click();
        await page.getByRole("menuitemradio", { name: /gpt-3\.5-turbo/ }).click();
        await paste({ file: { name: "late.png", type: "image/png", base64: png(8, 8).toString("base64") } });
        const notice = page.getByTestId("vision-notice");
        await notice.getByText("gpt-3.5-turbo doesn't support images.").waitFor();
        await until("it is uploaded", async () => (await page.getByRole("progressbar", { name: /Uploading/ }).count()) === 0);
        const requestCount = model.requests.length;
        await message.press("Enter");
        await page.getByText("This model doesn't support images. Switch models or remove the images.").waitFor();
        await checkScreens(page, "vision");
        await notice.getByRole("button", { name: "Switch to gpt-4o" }).click();
        await notice.waitFor({ state: "detached" });
        expect((await chips.count()) === 1 && model.requests.length === requestCount, "nothing was sent, and the image is still attached");
        await page.getByRole("button", { name: "Remove late.png" }).click();
        await until("it is removed", async () => (await chips.count()) === 0);
      },
    },
    {
      name: "picking an element of the running app sends its source location, selector, styles and screenshot; the source is unchanged",
      run: async () => {
        const shop = await createProject(account, "Bakery shop", "react-vite");
        await finished(account.api, (await account.api.projects.start({ params: { id: shop.slug } })).task_id);
        await page.goto(`${studio.url}/p/${shop.slug}`);
        const heading = page.frameLocator("[data-testid=preview-frame]").getByRole("heading", { name: "Ready to be built on" });
        await heading.waitFor({ timeout: 30_000 });
        const pick = page.getByRole("button", { name: "Select element" });
        await until("the page is connected", () => pick.isEnabled());
        await pick.click();
        expect((await pick.getAttribute("aria-pressed")) === "true", "the button is pressed while picking");
        await heading.hover();
        await shot(page, "pointing-light-d");
        await heading.click();
        await page.getByTestId("element-panel").getByRole("button", { name: "Ask the agent" }).last().click();
        await chips.filter({ hasText: /^h1 · src\/pages\/home\.tsx:\d+/ }).waitFor();
        await chips.locator("img").waitFor();
        expect((await pick.getAttribute("aria-pressed")) === "false", "picking has ended");
        await until("both are uploaded", async () => (await page.getByRole("progressbar", { name: /Uploading/ }).count()) === 0);
        await checkScreens(page, "pointed");
        // Without a mouse: the first element, its first child and so on, then Escape.
        await pick.focus();
        await page.keyboard.press("Enter");
        await until("the frame has the focus", () => page.evaluate(() => document.activeElement?.tagName === "IFRAME"));
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Escape");
        await until("Escape ends it", async () => (await pick.getAttribute("aria-pressed")) === "false");
        await message.fill("Make this orange");
        await page.keyboard.press("Enter");
        await page.getByRole("log").getByText("A blue rectangle").waitFor();
        const lastMessage = model.requests.at(-1)?.request?.messages.at(-1);
        const { content } = await account.api.files.get({ params: { id: shop.slug, path: "src/pages/home.tsx" } });
        const line = (content ?? "").split("\n").findIndex((text) => text.includes("Ready to be built on")) + 1;
        expect(
          (lastMessage?.text ?? "").includes(`Source: src/pages/home.tsx:${line}:`),
          `the source is line ${line}: ${/Source: .*/.exec(lastMessage?.text ?? "")?.[0]}`,
        );
        expect(
          /Selector: \S+/.test(lastMessage?.text ?? "") && /font-size: \d/.test(lastMessage?.text ?? ""),
          "selector and styles are sent",
        );
        expect(lastMessage?.role === "user" && lastMessage.images?.length === 1, "the model gets the image");
        expect(!/data-(?!\w+=\{)/.test(content ?? ""), "no attribute was added to the source");
      },
    },
    {
      name: "attachments of Home's prompt reach the first run, after a failed upload is retried",
      run: async () => {
        await page.goto(studio.url);
        const prompt = page.getByRole("textbox", { name: "What do you want to build?" });
        await paste({ file: { name: "logo.png", type: "image/png", base64: png(64, 64).toString("base64") } }, prompt);
        await paste({ text: `The menu of the cafe\n${"Espresso, 2.50\n".repeat(200)}` }, prompt);
        expect((await chips.count()) === 2 && (await prompt.inputValue()) === "", "an image and a long text are attached");
        await prompt.fill("A page for my cafe");
        await page.getByRole("button", { name: /^Start from/ }).click();
        await page.getByRole("menuitemradio", { name: /^Static site/ }).click();
        await checkScreens(page, "home-attached");
        // The connection breaks at the first upload.
        let isDown = true;
        await page.route(/\/api\/chat\/attachments(\?|$)/, (route) => (isDown ? route.abort() : route.continue()));
        await page.getByRole("button", { name: /^Build/ }).click();
        await page.getByText("Couldn't upload an attachment. Click Build to retry, or remove it.").waitFor();
        await shot(page, "home-attached-failed");
        isDown = false;
        await page.getByRole("button", { name: /^Build/ }).click();
        await page.waitForURL(/\/p\//);
        const log = page.getByRole("log");
        await log.getByRole("img", { name: "logo.png" }).waitFor();
        await log.getByText("A blue rectangle").waitFor({ timeout: 60_000 });
        const lastMessage = model.requests.at(-1)?.request?.messages.at(-1);
        expect(lastMessage?.role === "user" && lastMessage.images?.length === 1, "the model gets the image");
        expect(/Pasted text 1\.txt[\s\S]*Espresso/.test(lastMessage?.text ?? ""), "the paste is quoted");
        const { total } = await account.api.projects.list({ query: {} });
        expect(total === 3, `one project was created, not two: ${total}`);
        await page.goto(studio.url);
        await prompt.waitFor();
        expect((await chips.count()) === 0, "the next prompt has no attachments");
      },
    },
    {
      name: "the page had no problems",
      // One connection was broken intentionally.
      run: async () => expectNoProblems({ ...watched, problems: watched.problems.filter((one) => !one.includes("ERR_FAILED")) }),
    },
  ];
});
