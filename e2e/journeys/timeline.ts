/// <reference lib="dom" />
/** A project's timeline: snapshots, restores and comparisons. */
import { call, say, script, turn } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { allVariants, checkScreens, expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const { studio, account, project, watched, page } = await context.openProject();
  const params = { id: project.slug };

  const write = (path: string, content: string) => account.api.files.put({ params: { ...params, path }, body: { content } });
  const read = async (path: string) => (await account.api.files.batch({ params, body: { paths: [path] } })).files[0]?.content;
  const statuses = async () => Object.values((await account.api.projects.status({ params })).containers).map((c) => c.status);
  const entry = (name: string | RegExp) => page.getByTestId("timeline-entry").filter({ hasText: name });

  return [
    {
      name: "an empty timeline explains its purpose",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}/timeline`);
        await page.getByRole("heading", { name: "No history yet" }).waitFor();
        await checkScreens(page, "timeline-empty", { view: "Timeline" });
      },
    },
    {
      name: "save A, change files, restore A while the project runs: files are restored, it runs again, and the history shows it",
      run: async () => {
        await write("index.html", "<h1>One</h1>\n<p>Bread</p>\n");
        const started = await account.api.projects.start({ params });
        await until("it runs", async () => (await statuses()).every((s) => s === "running"), 30_000);
        expect(started.containers, "a container");
        await page.getByRole("toolbar", { name: "Timeline" }).getByRole("button", { name: "Save snapshot" }).click();
        await page.getByRole("textbox", { name: "Label" }).fill("A");
        await shot(page, "timeline-save");
        await page.keyboard.press("Enter");
        await entry(/^\d{1,2}:\d\d\s[AP]MA, snapshot.*files/).waitFor();

        await write("index.html", "<h1>Two</h1>\n<p>Bread</p>\n<p>Cake</p>\n");
        await write("later.txt", "later\n");
        await entry(/A, snapshot/).click();
        const panel = page.getByRole("complementary", { name: "Comparison" });
        await panel.getByText("2 files").waitFor();
        await panel.getByRole("button", { name: /index\.html/ }).click();
        const change = panel.getByRole("group", { name: "Changes in index.html" });
        await change.getByText("<h1>One</h1>").waitFor();
        await change.getByText("<h1>Two</h1>").waitFor();
        await checkScreens(page, "timeline-compare", { view: "Timeline" });

        await panel.getByRole("button", { name: "Restore A…" }).click();
        const dialog = page.getByRole("dialog", { name: "Restore this snapshot?" });
        await dialog.getByText(/^A, /).waitFor();
        expect(await dialog.getByRole("switch", { name: "Save current state first" }).isChecked(), "the current state is kept by default");
        await shot(page, "timeline-restore");
        const before = Date.now();
        await dialog.getByRole("button", { name: "Restore snapshot", exact: true }).click();
        await entry("Restored A").waitFor({ timeout: 30_000 });
        await until("it runs again", async () => (await statuses()).every((s) => s === "running"), 30_000);
        const took = Date.now() - before;
        expect(took < 30_000, `running again after ${took} ms`);
        expect((await read("index.html")) === "<h1>One</h1>\n<p>Bread</p>\n", "the content is restored");
        expect((await read("later.txt")) === undefined, "later files are removed");
        // What the restore saved is folded below it.
        await page.getByRole("button", { name: "Details of Restored A" }).click();
        await entry("Before restore").waitFor();
        // A comparison with the current state is updated.
        await panel.getByText("No files changed since then.").waitFor();
        await shot(page, "timeline-restored");
      },
    },
    {
      name: "any two points are compared, another one is restored, and one is deleted with undo",
      run: async () => {
        const panel = page.getByRole("complementary", { name: "Comparison" });
        await panel.getByRole("combobox", { name: "Compare with" }).click();
        await page.getByRole("option", { name: /Before restore/ }).click();
        await panel.getByText("2 files").waitFor();
        await entry("Before restore").click();
        await panel.getByText("Before restore").first().waitFor();
        await panel.getByRole("button", { name: "Restore A…" }).click();
        const dialog = page.getByRole("dialog", { name: "Restore this snapshot?" });
        await dialog.getByText(/^Before restore, /).waitFor();
        await dialog.getByRole("switch", { name: "Save current state first" }).click();
        await dialog.getByText("You can't undo this restore.").waitFor();
        await dialog.getByRole("button", { name: "Restore snapshot", exact: true }).click();
        await until("the later state is restored", async () => (await read("later.txt")) === "later\n", 30_000);
        await until("it runs again", async () => (await statuses()).every((s) => s === "running"), 30_000);

        await entry(/A, snapshot/).click();
        await panel.getByRole("button", { name: "Delete A" }).click();
        await entry(/A, snapshot/).waitFor({ state: "detached" });
        await page.getByRole("button", { name: "Undo" }).click();
        // It is restored with its selection.
        const [download] = await Promise.all([page.waitForEvent("download"), panel.getByRole("link", { name: "Download" }).click()]);
        expect(/^manual-.*\.zip$/.test(download.suggestedFilename()), "an archive by the snapshot's name");
        await page.keyboard.press("Escape");
        expectNoProblems(watched);
      },
    },
    {
      name: "the grip below the preview is dragged to a point: files and messages are restored in one action, and redone in the timeline",
      run: async () => {
        context.model.setScript(
          script([
            turn(call("write_file", { file_path: "footer.html", content: "<footer>Open daily</footer>\n" })),
            turn(say("It is there.")),
          ]),
        );
        for await (const event of account.api.chat.stream({
          body: { project_id: project.slug, message: "Add a footer", edit_mode: "allow" },
        }))
          if (event.type === "done") break;
        await page.goto(`${studio.url}/p/${project.slug}/preview`);
        const grip = page.getByRole("slider", { name: "Project history" });
        const strip = page.getByTestId("thread-stop");
        await until("the run is on the strip", async () => /[1-9]/.test((await grip.getAttribute("aria-valuemax")) ?? ""));
        const run = await strip.last().boundingBox();
        const from = await grip.boundingBox();
        expect(run && from, "the strip is on the screen");
        // Pointing at the run says what it did.
        await page.mouse.move(run.x, run.y);
        await page.getByText("“Add a footer”").last().waitFor();
        await shot(page, "strip-hover");
        await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
        await page.mouse.down();
        await page.mouse.move(run.x + 30, run.y, { steps: 4 });
        await page.mouse.move(run.x, run.y, { steps: 4 });
        await page.getByText("Restore to before “Add a footer”").waitFor();
        await page.getByText("Changes 1 file, 1 run").waitFor();
        expect((await grip.getAttribute("aria-valuetext"))?.endsWith("Before “Add a footer”"), "the value is read out");
        await shot(page, "strip-held");
        await page.mouse.up();
        const dialog = page.getByRole("dialog", { name: "Restore this checkpoint?" });
        await dialog.getByRole("switch", { name: "Hide messages of 1 later run" }).waitFor();
        await shot(page, "strip-restore");
        await dialog.getByRole("button", { name: "Cancel" }).click();
        expect((await grip.getAttribute("aria-valuetext")) === "Now", "it is back at now");
        // The same with the keyboard.
        await grip.focus();
        await page.keyboard.press("PageUp");
        await expectAccessible(page, "held grip");
        await page.keyboard.press("Enter");
        await dialog.getByRole("button", { name: "Restore checkpoint", exact: true }).click();
        await until("the file is gone", async () => (await read("footer.html")) === undefined, 30_000);
        await page.getByText("Restored to before “Add a footer”.").waitFor({ timeout: 30_000 });
        await page.getByRole("log", { name: "Transcript" }).getByText("Later messages are hidden.").waitFor();
        await checkScreens(page, "strip-restored");

        await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Timeline" }).click();
        await entry(/“Add a footer”, undone/).waitFor();
        await checkScreens(page, "timeline-undone", { variants: allVariants, view: "Timeline" });
        await page.getByRole("list", { name: "Timeline" }).getByRole("button", { name: "Redo" }).click();
        await until("the file is back", async () => (await read("footer.html")) !== undefined, 30_000);
        await entry(/“Add a footer”.*1 file/).waitFor();
        await until("nothing is undone", async () => (await entry(/undone/).count()) === 0);
        await shot(page, "timeline-redone");
        expectNoProblems(watched);
      },
    },
  ];
});
