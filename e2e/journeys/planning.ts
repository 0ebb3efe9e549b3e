/// <reference lib="dom" />
/** A project's board, notes and assets. */
import type { Board } from "@tesslate/contract";
import type { Locator } from "playwright-core";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pdf, png } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { allVariants, checkScreens, expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const { studio, account, project, watched, page } = await context.openProject();

  const open = async (view: string) => {
    await page.goto(`${studio.url}/p/${project.slug}/${view}`);
  };

  const boardNow = () => account.api.kanban.board({ params: { project_id: project.slug } });
  const namesOf = (board: Board) => board.columns.map((c) => `${c.name}: ${c.tasks.map((t) => t.title).join(", ")}`);
  const column = (name: string) => page.locator("section[data-column]").filter({ has: page.getByRole("heading", { name, exact: true }) });
  const cardIn = (name: string, title: string) => column(name).getByTestId("board-card").filter({ hasText: title });
  const shownBoard = () =>
    page.locator("section[data-column]").evaluateAll((sections) =>
      sections.map((section) => {
        const titles = [...section.querySelectorAll("[data-card] .font-medium.break-words")].map((e) => e.textContent);
        return `${section.querySelector("h2")?.textContent ?? ""}: ${titles.join(", ")}`;
      }),
    );
  const sameAsServer = (what: string) =>
    until(
      `${what}: the page shows the state of the server`,
      async () => JSON.stringify(await shownBoard()) === JSON.stringify(namesOf(await boardNow())),
      8000,
    ).catch(async (error: unknown) => {
      throw new Error(
        `${String(error)}\npage:   ${JSON.stringify(await shownBoard())}\nserver: ${JSON.stringify(namesOf(await boardNow()))}`,
      );
    });

  const asset = (name: string) => page.getByTestId("asset").filter({ hasText: name });
  const mark =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="96" height="96"><path d="M12 2 22 12 12 22 2 12Z" fill="#c26904"/><script>top.document.title="ran"</script></svg>';
  /** A low tone of 0.1 s. */
  function wav(): Buffer {
    const samples = Buffer.from(Array.from({ length: 800 }, (_, i) => 128 + Math.round(60 * Math.sin(i / 6))));
    const head = Buffer.alloc(44);
    head.write("RIFF", 0, "latin1");
    head.writeUInt32LE(36 + samples.length, 4);
    head.write("WAVEfmt ", 8, "latin1");
    head.writeUInt32LE(16, 16);
    head.writeUInt16LE(1, 20);
    head.writeUInt16LE(1, 22);
    head.writeUInt32LE(8000, 24);
    head.writeUInt32LE(8000, 28);
    head.writeUInt16LE(1, 32);
    head.writeUInt16LE(8, 34);
    head.write("data", 36, "latin1");
    head.writeUInt32LE(samples.length, 40);
    return Buffer.concat([head, samples]);
  }
  const fontFolder = join(
    dirname(createRequire(join(import.meta.dirname, "../../apps/web/package.json")).resolve("@fontsource-variable/inter/package.json")),
    "files",
  );
  const font = readFileSync(join(fontFolder, "inter-latin-wght-normal.woff2"));
  /** Drops or pastes a file. */
  const bring = (how: "drop" | "paste", name: string, bytes: Buffer) =>
    page.getByRole("region", { name: "Assets" }).evaluate(
      (element, { kind, file, base64 }) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], file, { type: "image/png" }));
        if (kind === "paste") element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        else
          for (const type of ["dragenter", "dragover", "drop"])
            element.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
      },
      { kind: how, file: name, base64: bytes.toString("base64") },
    );

  return [
    {
      name: "board: add a column, add cards inline",
      run: async () => {
        await signIn(page, studio.url, account);
        await open("board");
        await column("Backlog").waitFor();
        await checkScreens(page, "board-empty", { view: "Board", variants: allVariants });
        await page.getByRole("button", { name: "Add column" }).click();
        await page.getByLabel("New column name").fill("Blocked");
        await page.keyboard.press("Enter");
        await column("Blocked").waitFor();
        await page.getByRole("button", { name: "Add card to Backlog" }).click();
        for (const title of ["Take orders online", "Price list", "Opening hours", "Closed on Mondays", "Pick-up slots"]) {
          await page.keyboard.type(title);
          await page.keyboard.press("Enter");
        }
        await page.keyboard.press("Escape");
        await until("five cards", async () => (await boardNow()).columns[0]?.tasks.length === 5);
        await sameAsServer("after adding");
      },
    },
    {
      name: "board: every field of a card is edited in its sheet and kept after a reload",
      run: async () => {
        await cardIn("Backlog", "Take orders online").getByRole("button").first().click();
        const sheet = page.getByRole("dialog");
        await sheet.getByLabel("Title").fill("Take orders for bread");
        await sheet.getByLabel("Title").press("Enter");
        const choose = async (label: string, option: string) => {
          await sheet.getByLabel(label, { exact: true }).click();
          await page.getByRole("option", { name: option }).click();
        };
        await choose("Priority", "Critical");
        await choose("Type", "Feature");
        await choose("Assignee", "(you)");
        await sheet.getByLabel("Estimate").fill("12");
        await sheet.getByLabel("Spent").fill("3");
        await sheet.getByLabel("Due date").fill("2031-03-14");
        await sheet.getByLabel("Tags").fill("shop, launch");
        await page.keyboard.press("Enter");
        await sheet.getByLabel("Description").fill("People order **before** Friday.\n\n- slots of 30 minutes\n- at most six orders each");
        await page.keyboard.press("Control+Enter");
        await sheet.locator("strong", { hasText: "before" }).waitFor();
        await sheet.getByLabel("New comment").fill("What about `cancelled` orders?");
        await page.keyboard.press("Control+Enter");
        await sheet.getByText("orders?").waitFor();
        await checkScreens(page, "card", { variants: allVariants });
        await page.keyboard.press("Escape");
        await sheet.waitFor({ state: "hidden" });
        const id = (await boardNow()).columns[0]?.tasks[0]?.id ?? "";
        const stored = await account.api.kanban.getCard({ params: { project_id: project.slug, id } });
        const { title, priority, task_type, assignee, estimate_hours, spent_hours, due_date, tags, description, comments } = stored;
        const seen = JSON.stringify([
          title,
          priority,
          task_type,
          assignee?.name,
          estimate_hours,
          spent_hours,
          due_date,
          tags,
          description,
          comments[0]?.content,
        ]);
        const wanted = JSON.stringify([
          "Take orders for bread",
          "critical",
          "feature",
          "Nadia",
          12,
          3,
          "2031-03-14T00:00:00.000Z",
          ["shop", "launch"],
          "People order **before** Friday.\n\n- slots of 30 minutes\n- at most six orders each",
          "What about `cancelled` orders?",
        ]);
        expect(seen === wanted, `stored: ${seen}`);
        await page.reload();
        await cardIn("Backlog", "Take orders for bread").waitFor();
        await sameAsServer("after a reload");
      },
    },
    {
      name: "board: M moves a card to another column, Shift and arrows move it by one, and it keeps the focus",
      run: async () => {
        await cardIn("Backlog", "Price list").locator("[data-card]").focus();
        await page.keyboard.press("m");
        await page.getByRole("menuitem", { name: "In Progress" }).click();
        await cardIn("In Progress", "Price list").waitFor();
        const hasFocus = () => page.evaluate(() => document.activeElement?.textContent?.includes("Price list"));
        await until("the focus is on it", hasFocus, 3000);
        for (const [key, name] of [
          ["Shift+ArrowRight", "Review"],
          ["Shift+ArrowLeft", "In Progress"],
          ["Shift+ArrowLeft", "To Do"],
        ] as const) {
          await page.keyboard.press(key);
          await cardIn(name, "Price list").waitFor();
          await until(`the focus is on it in ${name}`, hasFocus, 3000);
        }
        await cardIn("Backlog", "Opening hours").locator("[data-card]").focus();
        await page.keyboard.press("Shift+ArrowDown");
        await until("moved down by one", async () => (await boardNow()).columns[0]?.tasks.map((t) => t.title)[2] === "Opening hours");
        await page.keyboard.press("ArrowUp");
        await until(
          "arrows move the focus",
          () => page.evaluate(() => document.activeElement?.textContent?.includes("Closed on Mondays")),
          3000,
        );
        await page.keyboard.press("Enter");
        await page.getByRole("dialog").waitFor();
        expect(page.url().includes("#TSK-"), "the open card is in the URL");
        await page.keyboard.press("Escape");
        await sameAsServer("after keys");
      },
    },
    {
      name: "board: a card dragged while a filter hides others is placed where it was dropped",
      run: async () => {
        // All columns must be visible: dragging does not scroll.
        await page.setViewportSize({ width: 2300, height: 900 });
        await page.getByLabel("Search cards").fill("slots");
        await page.getByText("Showing 2 of 5 cards").waitFor();
        await until("two are visible", async () => (await page.getByTestId("board-card").count()) === 2);
        // Visible: "Take orders for bread" (its description says slots) and "Pick-up slots"; two hidden ones are between them.
        await cardIn("Backlog", "Pick-up slots").dragTo(cardIn("Backlog", "Take orders for bread"), { targetPosition: { x: 60, y: 70 } });
        await until("after the first", async () => (await boardNow()).columns[0]?.tasks.map((t) => t.title)[1] === "Pick-up slots").catch(
          async () => {
            throw new Error(JSON.stringify(namesOf(await boardNow())));
          },
        );
        await page.getByRole("button", { name: "Clear filters" }).click();
        await sameAsServer("after a filtered drag");
        await cardIn("Backlog", "Closed on Mondays").dragTo(column("Blocked"));
        await cardIn("Blocked", "Closed on Mondays").waitFor();
        await sameAsServer("after a drag between columns");
        await column("Blocked")
          .locator("h2")
          .dragTo(column("Done"), { targetPosition: { x: 20, y: 60 } });
        await until("the column is before Done", async () => (await boardNow()).columns.map((c) => c.name).indexOf("Blocked") === 4);
        await sameAsServer("after dragging a column");
      },
    },
    {
      name: "board: a full column refuses cards with the reason; columns are edited, moved and deleted, and their cards kept",
      run: async () => {
        await column("To Do").getByRole("button", { name: "Actions for column" }).click();
        await page.getByRole("menuitem", { name: "Edit column" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("Name").fill("Next");
        await dialog.getByLabel("Card limit").fill("1");
        await dialog.getByRole("radio", { name: "teal" }).click();
        await expectAccessible(page, "column dialog");
        await shot(page, "board-column-dialog");
        await dialog.getByRole("button", { name: "Save" }).click();
        await column("Next").getByText("full").waitFor();
        await cardIn("Backlog", "Opening hours").dragTo(column("Next"));
        await page.getByText("“Next” has a limit of 1 card. Move a card to another column or raise the limit.").first().waitFor();
        await shot(page, "board-full");
        await cardIn("Backlog", "Opening hours").waitFor();
        await column("Blocked").getByRole("button", { name: "Actions for column" }).click();
        await page.getByRole("menuitem", { name: "Move left" }).click();
        await until("moved", async () => (await boardNow()).columns.map((c) => c.name).indexOf("Blocked") === 3);
        await column("Blocked").getByRole("button", { name: "Actions for column" }).click();
        await page.getByRole("menuitem", { name: "Delete column" }).click();
        const confirm = page.getByRole("alertdialog");
        await confirm.getByRole("combobox").click();
        await page.getByRole("option", { name: "Move to Review" }).click();
        await shot(page, "board-delete-column");
        await confirm.getByRole("button", { name: "Delete column" }).click();
        await cardIn("Review", "Closed on Mondays").waitFor();
        await page.setViewportSize({ width: 1440, height: 900 });
        await sameAsServer("after deleting a column");
      },
    },
    {
      name: "board: a deleted card is restored with Undo, and otherwise deleted",
      run: async () => {
        await cardIn("Backlog", "Opening hours").locator("[data-card]").focus();
        await page.keyboard.press("Delete");
        await cardIn("Backlog", "Opening hours").waitFor({ state: "detached" });
        await page.getByRole("button", { name: "Undo" }).click();
        await cardIn("Backlog", "Opening hours").waitFor();
        expect(
          namesOf(await boardNow())
            .join()
            .includes("Opening hours"),
          "nothing was deleted",
        );
        await cardIn("Backlog", "Opening hours").locator("[data-card]").focus();
        await page.keyboard.press("Delete");
        await until(
          "it is deleted permanently",
          async () =>
            !namesOf(await boardNow())
              .join()
              .includes("Opening hours"),
          14_000,
        );
        await sameAsServer("after deleting");
      },
    },
    {
      name: "board: changes of others appear without a reload; no variant of the page has problems",
      run: async () => {
        const board = await boardNow();
        const add = (title: string, column_id: string | undefined, more: object = {}) =>
          account.api.kanban.createCard({
            params: { project_id: project.slug },
            body: { title, ...(column_id && { column_id }), ...more },
          });
        const [, next, progress, review, done] = board.columns.map((c) => c.id);
        await account.api.kanban.updateColumn({ params: { project_id: project.slug, id: next ?? "" }, body: { task_limit: 3 } });
        await add("Confirmation mail after an order", progress, {
          priority: "high",
          task_type: "feature",
          tags: ["mail"],
          estimate_hours: 4,
        });
        await add("Full slot can still be reserved when two people press at the same moment", progress, {
          priority: "urgent",
          task_type: "bug",
          due_date: "2024-03-14T00:00:00Z",
        });
        await add("Bread list with prices and allergens", done, { task_type: "story", tags: ["shop", "launch", "menu", "print", "seo"] });
        await add("Print the orders of a day", next, { priority: "low", task_type: "task", due_date: "2031-01-02T00:00:00Z" });
        await add("Write down how refunds work", review, { priority: "medium", task_type: "docs" });
        await cardIn("Review", "Write down how refunds work").waitFor();
        await sameAsServer("after changes from elsewhere");
        await checkScreens(page, "board", { view: "Board", variants: allVariants });
        expectNoProblems(watched);
      },
    },
    {
      name: "notes: saved automatically, kept after a reload, shown as Markdown",
      run: async () => {
        await open("notes");
        const editor = page.getByLabel("Project notes");
        await editor.click();
        await page.keyboard.type("# Plan\n\nOrders close on **Friday**.\n\n- [ ] prices\novens");
        await page.getByText("Saved", { exact: true }).waitFor();
        const stored = await account.api.notes.get({ params: { id: project.slug } });
        expect(stored.content.startsWith("# Plan\n\nOrders close on **Friday**."), stored.content);
        await page.reload();
        await page.getByText("Orders close on").waitFor();
        await page.getByRole("radio", { name: "Split" }).click();
        await page.getByRole("heading", { name: "Plan" }).waitFor();
        const task = page.getByRole("checkbox", { name: "prices" });
        await task.click();
        await until("the task is done", async () =>
          (await account.api.notes.get({ params: { id: project.slug } })).content.includes("- [x] prices\n"),
        );
        expect(await task.isChecked(), "the checkbox shows it");
        await page.keyboard.press("Space");
        await until("the keyboard undoes it", async () =>
          (await account.api.notes.get({ params: { id: project.slug } })).content.includes("- [ ] prices\n"),
        );
        await checkScreens(page, "notes", { view: "Notes", variants: allVariants });
        await page.getByRole("radio", { name: "Write" }).click();
      },
    },
    {
      name: "notes: with two concurrent editors the second one decides, and nothing is lost",
      run: async () => {
        const theirs = (content: string) => account.api.notes.put({ params: { id: project.slug }, body: { content } });
        await theirs("# Plan\n\nThey wrote this.");
        await page.getByText("They wrote this.").waitFor();
        const editor = page.getByLabel("Project notes");
        await editor.click();
        await page.keyboard.press("Control+End");
        await page.keyboard.type(" And I wrote that.");
        await theirs("# Plan\n\nThey changed it.");
        await page.getByText("The notes changed while you were editing them.").waitFor();
        await page.getByRole("button", { name: "Compare" }).click();
        await shot(page, "notes-conflict");
        await expectAccessible(page, "notes conflict");
        expect((await account.api.notes.get({ params: { id: project.slug } })).content.includes("They changed it."), "nothing overwritten");
        await page.getByRole("button", { name: "Keep mine" }).click();
        await until("mine is kept", async () =>
          (await account.api.notes.get({ params: { id: project.slug } })).content.endsWith("And I wrote that."),
        );
        await page.getByText("Saved", { exact: true }).waitFor();
        expectNoProblems(watched);
      },
    },
    {
      name: "assets: picked, dropped and pasted files are uploaded; wrong types and large files give the reason",
      run: async () => {
        await open("assets");
        await page.getByText("No assets yet").waitFor();
        await checkScreens(page, "assets-empty", { view: "Assets", variants: allVariants });
        await page.getByLabel("Assets to upload").setInputFiles(
          [
            { name: "Bread photo.png", mimeType: "image/png", buffer: png(640, 400, [196, 140, 80]) },
            { name: "mark.svg", mimeType: "image/svg+xml", buffer: Buffer.from(mark) },
            { name: "jingle.wav", mimeType: "audio/wav", buffer: wav() },
            { name: "menu.pdf", mimeType: "application/pdf", buffer: pdf },
            { name: "Body.woff2", mimeType: "font/woff2", buffer: font },
            { name: "notes.html", mimeType: "text/html", buffer: Buffer.from("<p>") },
            { name: "huge.png", mimeType: "image/png", buffer: Buffer.alloc(20 * 2 ** 20 + 1) },
            { name: "liar.png", mimeType: "image/png", buffer: Buffer.from("not a picture") },
          ],
          { timeout: 60_000 },
        );
        await asset("Bread-photo.png").waitFor();
        await until("five are uploaded", async () => (await page.getByTestId("asset").count()) === 5);
        await page.getByText("Must be an image, video, audio file, font or PDF.").waitFor();
        await page.getByText("Larger than 20 MiB.").waitFor();
        await page.getByText("whose content matches its type").waitFor();
        await shot(page, "assets-refused");
        await expectAccessible(page, "assets with uploads");
        await page.getByRole("button", { name: "Clear failed uploads" }).click();
        await bring("drop", "dropped.png", png(32, 32, [20, 110, 60]));
        await asset("dropped.png").waitFor();
        await bring("paste", "pasted.png", png(48, 24, [30, 90, 160]));
        await asset("pasted.png").waitFor();
        const { items } = await account.api.assets.list({ params: { id: project.slug }, query: {} });
        expect(items.length === 7 && items.every((a) => a.directory === "/public"), JSON.stringify(items.map((a) => a.path)));
        await checkScreens(page, "assets", { view: "Assets", variants: allVariants });
        await page.getByRole("radio", { name: "List" }).click();
        await shot(page, "assets-list");
        await page.getByRole("radio", { name: "Grid" }).click();
      },
    },
    {
      name: "assets: every type has a preview; an image is displayed, an SVG runs no scripts",
      run: async () => {
        for (const [name, seen] of [
          [
            "Bread-photo.png",
            async (sheet: Locator) => (await sheet.locator("img").evaluate((img: HTMLImageElement) => img.naturalWidth)) === 640,
          ],
          ["mark.svg", async (sheet: Locator) => (await sheet.locator("img").evaluate((img: HTMLImageElement) => img.naturalWidth)) > 0],
          ["jingle.wav", async (sheet: Locator) => (await sheet.locator("audio").evaluate((a: HTMLAudioElement) => a.duration)) > 0.05],
          ["menu.pdf", async (sheet: Locator) => (await sheet.locator("iframe").count()) === 1],
          ["Body.woff2", async (sheet: Locator) => (await sheet.getByText("Aa Bb 0123").count()) === 1],
        ] as const) {
          await asset(name).getByRole("button").first().click();
          const sheet = page.getByRole("dialog");
          await until(`${name} is shown`, () => seen(sheet));
          await shot(page, `asset-${name.replace(/\W/g, "-")}`);
          if (name !== "menu.pdf") await expectAccessible(page, name);
          // The viewer of a PDF takes the focus when it has loaded.
          await sheet.press("Escape");
          await sheet.waitFor({ state: "hidden" });
        }
      },
    },
    {
      name: "assets: folders, rename, move, delete with Undo, and changes by the agent or a terminal",
      run: async () => {
        await page.getByRole("button", { name: "New folder" }).click();
        await page.getByRole("textbox", { name: "New folder" }).fill("/src/assets/icons");
        await page.keyboard.press("Enter");
        await page.getByText("No assets in /src/assets/icons").waitFor();
        await page.getByRole("button", { name: "All folders" }).click();
        await asset("mark.svg").hover();
        await page.getByRole("button", { name: "Actions for mark.svg" }).click();
        await page.getByRole("menuitem", { name: "Rename or move…" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("Name").fill("Logo mark.svg");
        await dialog.getByLabel("Folder").click();
        await page.getByRole("option", { name: "/src/assets/icons" }).click();
        await expectAccessible(page, "move dialog");
        await dialog.getByRole("button", { name: "Save" }).click();
        await page.getByRole("button", { name: /^\/src\/assets\/icons/ }).click();
        await asset("Logo-mark.svg").waitFor();
        await page.getByRole("button", { name: "All folders" }).click();
        const file = await account.api.files.get({ params: { id: project.slug, path: "src/assets/icons/Logo-mark.svg" } });
        expect(file instanceof Response || (file as { size: number }).size > 0, "the file moved too");
        await asset("pasted.png").hover();
        await page.getByRole("button", { name: "Actions for pasted.png" }).click();
        await page.getByRole("menuitem", { name: "Delete" }).click();
        await asset("pasted.png").waitFor({ state: "detached" });
        await page.getByRole("button", { name: "Undo" }).click();
        await asset("pasted.png").waitFor();
        await account.api.files.rename({
          params: { id: project.slug },
          body: { old_path: "public/dropped.png", new_path: "public/renamed.png" },
        });
        await asset("renamed.png").waitFor();
        await account.api.files.remove({ params: { id: project.slug, path: "public/renamed.png" } });
        await asset("renamed.png").waitFor({ state: "detached" });
        await asset("pasted.png").hover();
        await page.getByRole("button", { name: "Actions for pasted.png" }).click();
        await page.getByRole("menuitem", { name: "Delete" }).click();
        // Leaving the view does not wait for the notice.
        await page.keyboard.press("g");
        await page.keyboard.press("5");
        await column("Backlog").waitFor();
        const has = async () =>
          (await account.api.assets.list({ params: { id: project.slug }, query: {} })).items.some((a) => a.filename === "pasted.png");
        await until("it is deleted permanently", async () => !(await has()), 5000);
        expectNoProblems(watched);
      },
    },
  ];
});
