/// <reference lib="dom" />
/** The agent verifies the app, its evidence is shown, and errors are auto-fixed at most twice. */
import { call, nextMessage, say, script } from "@tesslate/testkit";
import { finished } from "../account.ts";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { allVariants, checkScreens, expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const page1 = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bakery</title>
<style>body{font:16px/1.5 system-ui;margin:0;background:#faf6ef;color:#2b2018}main{max-width:640px;margin:48px auto;padding:0 24px}button{font:inherit;padding:8px 16px}</style></head>
<body><main><h1>Alder Street Bakery</h1><p>Order bread for tomorrow.</p><label>Your name <input id="name"></label> <button id="order">Reserve</button><p id="result" role="status"></p></main><script type="module" src="main.js"></script></body></html>`;
  const works = `document.querySelector("#order").onclick = () => { document.querySelector("#result").textContent = "One loaf for " + document.querySelector("#name").value; };\n`;
  const broken = (n: number) => `// try ${n}\nthrow new Error("The oven is cold ${n}");\n`;
  const rewrite = (content: string) => [call("read_file", { file_path: "main.js" }), call("write_file", { file_path: "main.js", content })];

  const { model } = context;
  model.setScript(
    script([
      call("read_file", { file_path: "index.html" }),
      call("write_file", { file_path: "index.html", content: page1 }),
      ...rewrite(works),
      call("verify", {
        title: "A loaf can be reserved",
        steps: [
          { action: "expect_text", text: "Alder Street Bakery" },
          { action: "screenshot", value: "Before the order" },
          { action: "fill", label: "Your name", value: "Nadia" },
          { action: "click", role: "button", name: "Reserve" },
          { action: "expect_text", text: "One loaf for Nadia" },
          { action: "screenshot", value: "After the order" },
        ],
      }),
      say("A loaf can be reserved now; the proof is below."),
      nextMessage(),
      ...rewrite(broken(0)),
      say("Done."),
      nextMessage(),
      say("I see the error, and leave it for now."),
      nextMessage(),
      ...rewrite(broken(1)),
      say("Fixed, I think."),
      nextMessage(),
      ...rewrite(broken(2)),
      say("Now it is fixed."),
      nextMessage(),
      ...rewrite(broken(3)),
      say("Surely now."),
    ]),
  );
  const { studio, account, project, watched, page } = await context.openProject();
  const params = { id: project.id };
  const client = account.api;
  const path = "package.json";
  const { content } = (await client.files.get({ params: { ...params, path }, query: {} })) as { content: string };
  const manifest = JSON.parse(content) as { scripts: object };
  await client.files.put({
    params: { ...params, path },
    body: { content: JSON.stringify({ ...manifest, scripts: { ...manifest.scripts, test: "! grep -q cold main.js" } }, undefined, 2) },
  });
  await client.projects.update({ params, body: { settings: { agent_checks: "both", auto_fix: false } } });
  await finished(client, (await client.projects.start({ params })).task_id);

  const frame = page.frameLocator("[data-testid=preview-frame]");
  const card = page.getByTestId("evidence-card");
  const log = page.getByRole("log");
  const send = async (text: string) => {
    await page.getByRole("textbox", { name: "Message to the agent" }).fill(text);
    await page.keyboard.press("Enter");
  };
  const idle = () =>
    until("the run ends", async () => (await client.chat.active({ query: { project_id: project.id } })).active === null, 60_000);
  const questions = async () =>
    (await client.chat.history({ params: { project_id: project.id }, query: { order: "asc" } })).items.filter(
      ({ role }) => role === "user",
    );

  return [
    {
      name: "a run verifies the app in a browser: the card shows steps, full-size screenshots and the checks",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.evaluate((id) => localStorage.setItem(`studio:mode:${id}`, JSON.stringify("allow")), project.id);
        await page.goto(`${studio.url}/p/${project.slug}`);
        await frame.getByText("Ready to be built on").waitFor({ timeout: 30_000 });
        await send("People should reserve a loaf");
        await card.getByText("A loaf can be reserved", { exact: true }).waitFor({ timeout: 40_000 });
        await idle();
        await card.getByText("7 of 7 steps").waitFor();
        await card.getByText('click the button "Reserve"').waitFor();
        await card.getByText("1 of 1 check passed").waitFor();
        await until("both screenshots", () =>
          card.locator("img").evaluateAll((all) => all.length === 2 && all.every((img) => (img as HTMLImageElement).naturalWidth === 1280)),
        );
        await card.scrollIntoViewIfNeeded();
        await checkScreens(page, "evidence", { variants: allVariants, before: () => card.scrollIntoViewIfNeeded() });
        await card.getByRole("button", { name: "Open screenshot: Before the order" }).click();
        const dialog = page.getByRole("dialog", { name: "Before the order" });
        await until("full size", () => dialog.getByRole("img").evaluate((img) => img.getBoundingClientRect().width === 1280));
        await page.keyboard.press("ArrowRight");
        await page.getByRole("dialog", { name: "After the order" }).waitFor();
        await checkScreens(page, "evidence-picture", { variants: ["light-d", "dark-m"] });
        await page.keyboard.press("Escape");
      },
    },
    {
      name: "the evidence is kept after a reload, and a failed check offers a restore",
      run: async () => {
        await page.reload();
        await card.getByText("7 of 7 steps").waitFor();
        await send("Change something");
        const red = card.filter({ hasText: "1 newly failed" });
        await red.waitFor({ timeout: 40_000 });
        await red.getByRole("button", { name: "Undo run" }).waitFor();
        await red.scrollIntoViewIfNeeded();
        await shot(page, "evidence-red");
      },
    },
    {
      name: "an error of the app is one problem with its location and a card in the chat, and is sent to the agent with its stack as details",
      run: async () => {
        await page
          .getByRole("button", { name: /1 problem/ })
          .first()
          .waitFor();
        await page
          .getByRole("button", { name: /1 problem/ })
          .first()
          .click();
        await page.getByRole("button", { name: "main.js:2:7" }).first().waitFor();
        await page.getByRole("status", { name: "App error" }).getByText("The oven is cold 0").waitFor();
        await checkScreens(page, "problems", { variants: ["dark-d", "light-m"] });
        await page.getByRole("button", { name: "Fix with agent" }).first().click();
        await log.getByText("I see the error, and leave it for now.").waitFor({ timeout: 30_000 });
        const { content, message_metadata } = (await questions()).at(-1) ?? {};
        const details = String(message_metadata?.["details"]);
        expect(content === "Fix the error: Error: The oven is cold 0 at main.js:2:7", String(content));
        expect(/```[\s\S]*main\.js/.test(details), details);
        await log.getByRole("button", { name: "Show details" }).last().click();
        await log.getByLabel("Details").waitFor();
        await idle();
      },
    },
    {
      name: "auto-fix tries twice, then stops with a message",
      run: async () => {
        await page.getByRole("switch", { name: "Fix errors automatically" }).click();
        await until("the switch is stored", async () => (await client.projects.get({ params })).settings?.["auto_fix"] === true);
        await send("Make it work again");
        await log.getByText("automatic fixes. See Problems").waitFor({ timeout: 40_000 });
        await idle();
        const rounds = (await questions()).slice(-3).map(({ message_metadata }) => message_metadata?.["auto_fix"] ?? null);
        expect(JSON.stringify(rounds) === "[null,1,2]", JSON.stringify(rounds));
        await log.getByText("auto-fix, attempt 2 of 2").waitFor();
        await shot(page, "auto-fix");
        await page.reload();
        await log.getByText("automatic fixes. See Problems").waitFor();
        await page.goto(`${studio.url}/p/${project.slug}/settings`);
        await page.getByRole("heading", { name: "Agent", exact: true }).scrollIntoViewIfNeeded();
        await shot(page, "agent-settings");
        await expectAccessible(page, "agent settings");
        // The app's errors are intended.
        expectNoProblems({ ...watched, problems: watched.problems.filter((problem) => !/oven is cold|dateTime/.test(problem)) });
      },
    },
  ];
});
