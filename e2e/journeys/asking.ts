/// <reference lib="dom" />
/**
 * Attachments and mentions for the agent, and its questions and secret requests.
 * On the built product in a process of its own, with the scripted model over a real socket. `--shots DIR` also writes screenshots.
 */
import { call, nextMessage, png, say, script } from "@tesslate/testkit";
import { createProject, finished } from "../account.ts";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { looks, noOffences, shot } from "../looks.ts";

export default journey({}, async (stage) => {
  const canary = "sk-live-canary-51f0c2a9";
  const { model } = stage;
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
  const { studio, account, project, watched, page } = await stage.openScene();

  const message = page.getByRole("textbox", { name: "Message to the agent" });
  const chips = page.getByTestId("attachment");
  const card = page.getByTestId("question-card");
  /** What a paste brings, as the browser hands it over. */
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
      name: "a pasted picture and a long paste become attachments, @ offers the file, and all of it reaches the model",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}`);
        await message.waitFor();
        await message.focus();
        await paste({ file: { name: "sketch.png", type: "image/png", base64: png(320, 200).toString("base64") } });
        await chips.filter({ hasText: "sketch.png" }).locator("img").waitFor();
        await paste({ text: `The menu of the bakery\n${"Rye bread, 4.50\n".repeat(200)}` });
        await chips.filter({ hasText: "Pasted text 1.txt" }).waitFor();
        expect((await message.inputValue()) === "", "a long paste is no text of the message");
        await until("both are uploaded", async () => (await page.getByRole("progressbar", { name: /Uploading/ }).count()) === 0);
        await message.pressSequentially("Make @ind");
        const list = page.getByRole("listbox", { name: "Files and folders" });
        await list.waitFor();
        const active = await message.getAttribute("aria-activedescendant");
        const first = list.getByRole("option").first();
        expect(
          (await first.getAttribute("id")) === active && (await first.getAttribute("aria-selected")) === "true",
          "the first one is chosen",
        );
        expect((await first.textContent())?.startsWith("index.html"), "the file is offered first");
        await looks(page, "composer");
        await page.keyboard.press("Enter");
        expect((await message.inputValue()) === "Make @index.html ", `the mention is put in: ${await message.inputValue()}`);
        await message.pressSequentially("look like this");
        await page.keyboard.press("Enter");
        const log = page.getByRole("log");
        await log.getByRole("img", { name: "sketch.png" }).waitFor();
        await log.getByText("A blue rectangle").waitFor();
        const asked = model.requests.at(-1)?.request?.messages.at(-1);
        expect(asked?.role === "user" && asked.images?.length === 1, "the model is shown the picture");
        expect(/Pasted text 1\.txt[\s\S]*Rye bread/.test(asked?.text ?? ""), "the paste is quoted");
        expect(/--- index\.html \(etag/.test(asked?.text ?? ""), "the mentioned file is quoted");
        expect((await chips.count()) === 0, "the next message begins with nothing attached");
        await page.reload();
        await log.getByRole("img", { name: "sketch.png" }).waitFor();
        expect((await message.inputValue()) === "", "what was sent does not come back as a draft");
        await shot(page, "sent-light-d");
      },
    },
    {
      name: "a question is answered with the keyboard, and stays with its answer",
      run: async () => {
        await message.fill("Take payments");
        await page.keyboard.press("Enter");
        await card.getByText("How should people pay?").waitFor();
        await page.reload();
        await card.getByText("How should people pay?").waitFor();
        await looks(page, "question");
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
      name: "a secret goes into the vault: its value is neither on the page nor in the chat, the events or the model's prompts",
      run: async () => {
        const field = page.getByLabel("Value of STRIPE_KEY");
        await field.waitFor();
        expect((await field.getAttribute("type")) === "password", "typed hidden");
        await looks(page, "secret");
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
      name: "a project's own model answers in it, until another one is chosen there",
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
        await page.getByRole("option", { name: /^None of its own/ }).click();
        await page.getByRole("button", { name: "Model: scripted" }).waitFor();
        await page.goto(`${studio.url}/p/${project.slug}`);
      },
    },
    {
      name: "a picture for a model that cannot see: told before sending, and switched with one click",
      run: async () => {
        await page.getByRole("button", { name: "Model: scripted" }).click();
        await page.getByRole("menuitemradio", { name: /gpt-3\.5-turbo/ }).click();
        await paste({ file: { name: "late.png", type: "image/png", base64: png(8, 8).toString("base64") } });
        const notice = page.getByTestId("vision-notice");
        await notice.getByText("gpt-3.5-turbo cannot see pictures.").waitFor();
        await until("it is uploaded", async () => (await page.getByRole("progressbar", { name: /Uploading/ }).count()) === 0);
        const asked = model.requests.length;
        await message.press("Enter");
        await page.getByText("This model cannot see pictures: switch to another, or remove them.").waitFor();
        await looks(page, "vision");
        await notice.getByRole("button", { name: "Switch to gpt-4o" }).click();
        await notice.waitFor({ state: "detached" });
        expect((await chips.count()) === 1 && model.requests.length === asked, "nothing was sent, and the picture is still there");
        await page.getByRole("button", { name: "Remove late.png" }).click();
        await until("it is gone", async () => (await chips.count()) === 0);
      },
    },
    {
      name: "pointing at the heading of the running app: the agent hears its source, selector, styles and sees its picture; the source stays as it was",
      run: async () => {
        const shop = await createProject(account, "Bakery shop", "react-vite");
        await finished(account.api, (await account.api.projects.start({ params: { id: shop.slug } })).task_id);
        await page.goto(`${studio.url}/p/${shop.slug}`);
        const heading = page.frameLocator("[data-testid=preview-frame]").getByRole("heading", { name: "Ready to be built on" });
        await heading.waitFor({ timeout: 30_000 });
        const pick = page.getByRole("button", { name: "Point at an element for the agent" });
        await until("the page has reported in", () => pick.isEnabled());
        await pick.click();
        expect((await pick.getAttribute("aria-pressed")) === "true", "the button is pressed while pointing");
        await heading.hover();
        await shot(page, "pointing-light-d");
        await heading.click();
        await chips.filter({ hasText: /^h1 · src\/App\.tsx:\d+/ }).waitFor();
        await chips.locator("img").waitFor();
        expect((await pick.getAttribute("aria-pressed")) === "false", "pointing is over");
        await until("both are uploaded", async () => (await page.getByRole("progressbar", { name: /Uploading/ }).count()) === 0);
        await looks(page, "pointed");
        // Without a mouse: the first element, its first child and so on, then Escape.
        await pick.focus();
        await page.keyboard.press("Enter");
        await until("the frame has the keys", () => page.evaluate(() => document.activeElement?.tagName === "IFRAME"));
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Escape");
        await until("Escape ends it", async () => (await pick.getAttribute("aria-pressed")) === "false");
        await message.fill("Make this orange");
        await page.keyboard.press("Enter");
        await page.getByRole("log").getByText("A blue rectangle").waitFor();
        const asked = model.requests.at(-1)?.request?.messages.at(-1);
        const { content } = await account.api.files.get({ params: { id: shop.slug, path: "src/App.tsx" } });
        const line = (content ?? "").split("\n").findIndex((text) => text.includes("Ready to be built on")) + 1;
        expect(
          (asked?.text ?? "").includes(`Source: src/App.tsx:${line}:`),
          `the source is line ${line}: ${/Source: .*/.exec(asked?.text ?? "")?.[0]}`,
        );
        expect(/Selector: \S+/.test(asked?.text ?? "") && /font-size: \d/.test(asked?.text ?? ""), "selector and styles are told");
        expect(asked?.role === "user" && asked.images?.length === 1, "the model is shown the picture");
        expect(!/data-(?!\w+=\{)/.test(content ?? ""), "no attribute was put into the source");
      },
    },
    {
      name: "what is attached to Home's prompt reaches the first run; one that cannot be uploaded at first is tried again",
      run: async () => {
        await page.goto(studio.url);
        const prompt = page.getByRole("textbox", { name: "What should it do?" });
        await paste({ file: { name: "logo.png", type: "image/png", base64: png(64, 64).toString("base64") } }, prompt);
        await paste({ text: `The menu of the cafe\n${"Espresso, 2.50\n".repeat(200)}` }, prompt);
        expect((await chips.count()) === 2 && (await prompt.inputValue()) === "", "a picture and a long paste are attached");
        await prompt.fill("A page for my cafe");
        await page.getByRole("button", { name: /^Start from/ }).click();
        await page.getByRole("menuitemradio", { name: /^Static site/ }).click();
        await looks(page, "home-attached");
        // The line breaks at the first upload.
        let isDown = true;
        await page.route(/\/api\/chat\/attachments(\?|$)/, (route) => (isDown ? route.abort() : route.continue()));
        await page.getByRole("button", { name: /^Build/ }).click();
        await page.getByText("One of the attachments could not be uploaded. Build again, or remove it first.").waitFor();
        await shot(page, "home-attached-failed");
        isDown = false;
        await page.getByRole("button", { name: /^Build/ }).click();
        await page.waitForURL(/\/p\//);
        const log = page.getByRole("log");
        await log.getByRole("img", { name: "logo.png" }).waitFor();
        await log.getByText("A blue rectangle").waitFor({ timeout: 60_000 });
        const asked = model.requests.at(-1)?.request?.messages.at(-1);
        expect(asked?.role === "user" && asked.images?.length === 1, "the model is shown the picture");
        expect(/Pasted text 1\.txt[\s\S]*Espresso/.test(asked?.text ?? ""), "the paste is quoted");
        const { total } = await account.api.projects.list({ query: {} });
        expect(total === 3, `one project was made, not two: ${total}`);
        await page.goto(studio.url);
        await prompt.waitFor();
        expect((await chips.count()) === 0, "the next prompt begins with nothing attached");
      },
    },
    {
      name: "nothing of it was out of order",
      // The line was broken on purpose once.
      run: async () => noOffences({ ...watched, offences: watched.offences.filter((one) => !one.includes("ERR_FAILED")) }),
    },
  ];
});
