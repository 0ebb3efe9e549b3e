/// <reference lib="dom" />
/** Import, export and copies of projects; work on many files: tree, move, upload, search, replace. */
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { createProject, signUp, type Account } from "../account.ts";
import { signIn, type WatchedWindow } from "../browser.ts";
import { expect, journey, note, until } from "../journey.ts";
import { animationsEnded, checkScreens, expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const { studio } = context;
  const { gitHost: host } = context.services;
  let browser: WatchedWindow | undefined;
  let person: Account | undefined;
  let slug = "";
  const needle = "find_me_in_many";

  const page = () => (browser as WatchedWindow).page;
  const rows = () => page().getByTestId("file-row");
  const row = (name: string) => rows().filter({ has: page().getByText(name, { exact: true }) });
  const tree = () => page().getByRole("treegrid", { name: "Project files" });
  const contentOf = async (path: string) => {
    const file = await (person as Account).api.files.get({ params: { id: slug, path } }).catch(() => undefined);
    return (file as { content: string } | undefined)?.content;
  };
  /** Drops files of this computer on an element. */
  const dropFiles = async (target: ReturnType<Page["locator"]>, names: readonly string[]) => {
    const data = await page().evaluateHandle((list) => {
      const transfer = new DataTransfer();
      for (const name of list) transfer.items.add(new File([`text of ${name}`], name));
      return transfer;
    }, names);
    for (const type of ["dragenter", "dragover", "drop"]) await target.dispatchEvent(type, { dataTransfer: data });
  };

  return [
    {
      name: "ten thousand files: the tree is complete within a second, with a hundred rows on the page",
      run: async () => {
        person = await signUp(studio.url);
        const project = await createProject(person, "Many files", "static");
        slug = project.slug;
        for (let from = 0; from < 100; from += 20) {
          const form = new FormData();
          for (let folder = from; folder < from + 20; folder++)
            for (let file = 0; file < 100; file++)
              form.append(
                "file",
                new Blob([`export const n = ${file};\n${file === 42 ? `// ${needle}\n` : ""}`]),
                `z-many/d${folder}/f${file}.ts`,
              );
          await person.api.files.upload({ params: { id: slug }, form });
        }
        browser = await context.openWindow();
        await signIn(page(), studio.url, person);
        const answered = page().waitForResponse((answer) => answer.url().endsWith("/file-tree"));
        await page().goto(`${studio.url}/p/${slug}/code`);
        await (await answered).finished();
        const started = Date.now();
        await rows().first().waitFor();
        note(`the tree is painted after ${Date.now() - started} ms`);
        await page().getByLabel("Filter files").fill("z-many f");
        await until("every file is a row", async () => Number(await tree().getAttribute("aria-rowcount")) === 10_101);
        expect((await rows().count()) < 120, `${await rows().count()} rows in the page`);
        await page().getByLabel("Filter files").fill("");
        await shot(page(), "files-tree");
        await expectAccessible(page(), "files");
      },
    },
    {
      name: "files are renamed with F2, deleted and restored, several at once, and moved by keyboard and by dragging",
      run: async () => {
        await row("z-many").click();
        await row("d0").click();
        await row("f0.ts").click();
        await page().keyboard.press("F2");
        await page().getByLabel("New name of f0.ts").fill("first.ts");
        await page().keyboard.press("Enter");
        await row("first.ts").waitFor();
        await until("it is renamed", async () => (await contentOf("z-many/d0/first.ts")) !== undefined);

        // The new name is further down.
        await page().keyboard.press("Home");
        await row("f1.ts").click();
        await row("f3.ts").click({ modifiers: ["Shift"] });
        expect((await page().locator("[data-testid=file-row][aria-selected=true]").count()) === 3, "three rows are selected");
        await page().keyboard.press("Delete");
        await page().getByText("Deleted 3 items.").waitFor();
        await until("they are deleted", async () => (await contentOf("z-many/d0/f2.ts")) === undefined);
        await page().getByRole("button", { name: "Undo" }).last().click();
        await row("f2.ts").waitFor();
        await until("they are restored", async () => (await contentOf("z-many/d0/f2.ts")) === "export const n = 2;\n");

        await row("f4.ts").click();
        await row("f6.ts").click({ modifiers: ["ControlOrMeta"] });
        await page().keyboard.press("m");
        await page().getByPlaceholder("Find a folder").fill("public");
        await shot(page(), "files-move");
        await page().keyboard.press("Enter");
        await until(
          "both are moved",
          async () => (await contentOf("public/f4.ts")) !== undefined && (await contentOf("public/f6.ts")) !== undefined,
        );
        await row("f7.ts").dragTo(row("public"));
        await until("it is moved", async () => (await contentOf("public/f7.ts")) !== undefined);
      },
    },
    {
      name: "files are uploaded by drop and by picker, and replacing needs a confirmation",
      run: async () => {
        await row("public").click();
        await dropFiles(row("public").getByRole("gridcell"), ["dropped.txt"]);
        await until("the dropped file is there", async () => (await contentOf("public/dropped.txt")) === "text of dropped.txt");
        const picker = page().getByLabel("Files to upload");
        const files = [{ name: "picked.txt", mimeType: "text/plain", buffer: Buffer.from("one") }];
        await picker.setInputFiles(files);
        await until("the picked file is there", async () => (await contentOf("public/picked.txt")) === "one");
        await picker.setInputFiles([{ ...(files[0] as (typeof files)[0]), buffer: Buffer.from("two") }]);
        await page().getByText("picked.txt already exists.").waitFor();
        await shot(page(), "files-upload");
        await page().getByRole("button", { name: "Replace", exact: true }).click();
        await until("it is replaced", async () => (await contentOf("public/picked.txt")) === "two");
      },
    },
    {
      name: "a search through ten thousand files shows first results within a second; a click opens the line",
      run: async () => {
        await page().keyboard.press("ControlOrMeta+Shift+f");
        const field = page().getByLabel("Search for");
        await field.waitFor();
        const started = Date.now();
        await field.fill(needle);
        await page().getByTestId("search-hit").first().waitFor();
        note(`the first result after ${Date.now() - started} ms`);
        await page().getByText("100 matches in 100 files").waitFor();
        await shot(page(), "files-search");
        await expectAccessible(page(), "search");
        await page().getByTestId("search-hit").first().click();
        await until("the line is open", async () => (await page().locator(".cm-activeLineGutter").allInnerTexts()).join("").includes("2"));
      },
    },
    {
      name: "replace previews every change, applies it, and can be undone",
      run: async () => {
        await page().getByLabel("Files to include").fill("z-many/d1*/**");
        await page().getByText("11 matches in 11 files").waitFor();
        await page().getByRole("button", { name: "Replace", exact: true }).click();
        await page().getByLabel("Replace with").fill("found_you");
        await page().getByRole("button", { name: "Replace all…" }).click();
        const dialog = page().getByRole("dialog");
        await dialog.getByTestId("replace-file").nth(10).waitFor();
        expect((await contentOf("z-many/d10/f42.ts"))?.includes(needle) === true, "nothing is written before the confirmation");
        await dialog.getByText("// found_you").first().waitFor();
        await dialog.getByRole("checkbox", { name: "z-many/d11/f42.ts" }).click();
        await shot(page(), "files-replace");
        await expectAccessible(page(), "replace");
        await dialog.getByRole("button", { name: "Replace 10 matches in 10 files" }).click();
        await page().getByText("Replaced 10 matches in 10 files.").waitFor();
        expect((await contentOf("z-many/d10/f42.ts"))?.includes("found_you") === true, "it is replaced");
        expect((await contentOf("z-many/d11/f42.ts"))?.includes(needle) === true, "the excluded file is unchanged");
        await page().getByRole("button", { name: "Undo" }).last().click();
        await until("it is undone", async () => (await contentOf("z-many/d10/f42.ts"))?.includes(needle));
      },
    },
    {
      name: "a project is exported as a zip and imported again",
      run: async () => {
        const small = await createProject(person as Account, "Small one", "static");
        await page().goto(`${studio.url}/projects`);
        await page().getByRole("button", { name: "Actions for Small one" }).click();
        const downloading = page().waitForEvent("download");
        await page().getByRole("menuitem", { name: "Download as zip" }).click();
        const download = await downloading;
        expect(download.suggestedFilename() === `${small.slug}.zip`, download.suggestedFilename());
        const zip = readFileSync(await download.path());
        expect(zip.byteLength > 500 && zip.includes("package.json"), "the archive contains the files");

        await page().getByRole("button", { name: "Import" }).click();
        const dialog = page().getByRole("dialog", { name: "Import project" });
        await dialog
          .getByLabel("Zip archive")
          .last()
          .setInputFiles([{ name: "not.txt", mimeType: "text/plain", buffer: Buffer.from("x") }]);
        await dialog.getByText("not.txt is not a zip archive.").waitFor();
        await dialog
          .getByLabel("Zip archive")
          .last()
          .setInputFiles([{ name: "broken.zip", mimeType: "application/zip", buffer: Buffer.from("x") }]);
        await dialog.getByRole("button", { name: "Import", exact: true }).click();
        await dialog.getByText("This is not a readable ZIP archive.").waitFor();
        await dialog
          .getByLabel("Zip archive")
          .last()
          .setInputFiles([{ name: "shop.zip", mimeType: "application/zip", buffer: zip }]);
        await shot(page(), "import-zip");
        await expectAccessible(page(), "import");
        await dialog.getByRole("button", { name: "Import", exact: true }).click();
        await page().waitForURL(/\/p\/shop-/, { timeout: 30_000 });
        const copy = /\/p\/([^/?]+)/.exec(page().url())?.[1] ?? "";
        const pathsOf = async (id: string) =>
          (await (person as Account).api.files.tree({ params: { id } })).entries.map((e) => e.path).join();
        expect((await pathsOf(copy)) === (await pathsOf(small.id)), "the tree is the same");
      },
    },
    {
      name: "a folder is imported without its dependencies, .git and what .gitignore lists",
      run: async () => {
        const folder = await mkdtemp(join(tmpdir(), "shop-"));
        try {
          const files = {
            ".gitignore": "dist/\n",
            ".git/HEAD": "ref: refs/heads/main",
            "dist/app.js": "1",
            "node_modules/left/index.js": "1",
            "package.json": "{}",
            "run.sh": "#!/bin/sh\necho hello\n",
            "src/café.ts": "export const open = true;\n",
          };
          for (const [path, content] of Object.entries(files)) {
            await mkdir(dirname(join(folder, path)), { recursive: true });
            await writeFile(join(folder, path), content);
          }
          await page().goto(`${studio.url}/new`);
          await page().getByRole("button", { name: "Import" }).click();
          const dialog = page().getByRole("dialog", { name: "Import project" });
          await checkScreens(page(), "import-folder");
          await dialog.getByLabel("Folder", { exact: true }).setInputFiles(folder);
          await dialog.getByText(/^4 files, /).waitFor();
          await shot(page(), "import-folder-chosen");
          await dialog.getByLabel("Name").fill("Corner shop");
          await dialog.getByRole("button", { name: "Import", exact: true }).click();
          await page().waitForURL(/\/p\/corner-shop-/, { timeout: 30_000 });
          const id = /\/p\/([^/?]+)/.exec(page().url())?.[1] ?? "";
          const { api } = person as Account;
          const { entries } = await api.files.tree({ params: { id } });
          const paths = entries.filter(({ is_directory }) => !is_directory).map(({ path }) => path);
          expect(paths.toSorted().join() === ".gitignore,package.json,run.sh,src/café.ts", paths.join());
          const { content } = await api.files.get({ params: { id, path: "src/café.ts" } });
          expect(content === files["src/café.ts"], `content: ${content}`);
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      },
    },
    {
      name: "a repository is imported by URL, and an invalid URL gives the reason",
      run: async () => {
        const url = host.add("bakery", { files: { "package.json": "{}", "src/main.ts": "export {};\n" }, branch: "trunk" });
        await page().goto(studio.url);
        await page().getByRole("button", { name: "Import" }).click();
        const dialog = page().getByRole("dialog", { name: "Import project" });
        await dialog.getByRole("radio", { name: "Git URL" }).click();
        const address = dialog.getByLabel("Repository URL");
        await address.fill("git@github.com:ada/shop.git");
        await page().keyboard.press("Enter");
        await dialog.getByText("SSH isn't supported").waitFor();
        await address.fill("https://169.254.169.254/x.git");
        await page().keyboard.press("Enter");
        await dialog.getByText(/private or local address/).waitFor();
        await address.fill(`${host.url}/nowhere.git`);
        await page().keyboard.press("Enter");
        await dialog.getByText(/no repository at this URL/).waitFor({ timeout: 30_000 });
        await shot(page(), "import-git");
        await address.fill(url);
        // The event stream of the setup breaks: it is reopened.
        let streams = 0;
        await page().route("**/api/tasks/*/events", (route) => (streams++ === 0 ? route.abort("aborted") : route.continue()));
        await dialog.getByRole("button", { name: "Retry import" }).click();
        await page().waitForURL(/\/p\/bakery-/, { timeout: 30_000 });
        await page().unrouteAll();
        // Once broken, once to its end, and perhaps once more to learn that it has ended.
        expect(streams === 2 || streams === 3, `the setup's stream was opened ${streams} times`);
        const { items } = await (person as Account).api.projects.list();
        expect(
          items.filter((project) => project.environment_status === "setup_failed").length === 0,
          "the failed attempt is not left behind",
        );
        const made = items.find((project) => project.slug.startsWith("bakery-"));
        expect(made?.has_git_repo === true && made.git_remote_url === url, "it has its remote");
      },
    },
    {
      name: "a project is copied and opened; light, dark and phone",
      run: async () => {
        await page().goto(`${studio.url}/projects`);
        await page().getByRole("button", { name: "Actions for Small one" }).click();
        await page().getByRole("menuitem", { name: "Make a copy" }).click();
        await page().waitForURL(/\/p\/small-one-copy-/);
        await until("it is set up", async () => {
          const { items } = await (person as Account).api.projects.list();
          return items.some((project) => project.name === "Small one (copy)" && project.environment_status === "stopped");
        });
        for (const theme of ["light", "dark"] as const)
          for (const [size, width, height] of [
            ["d", 1440, 900],
            ["m", 390, 844],
          ] as const) {
            await page().emulateMedia({ colorScheme: theme });
            await page().setViewportSize({ width, height });
            await page().goto(`${studio.url}/p/${slug}/code`);
            await animationsEnded(page());
            if (size === "m") await page().getByRole("button", { name: "Code" }).click();
            // The shortcut works once the view is there.
            else await rows().first().waitFor();
            await shot(page(), `files-${theme}-${size}`);
            await page().keyboard.press("ControlOrMeta+Shift+f");
            await page().getByLabel("Search for").fill("export");
            await page().getByTestId("search-hit").first().waitFor();
            await shot(page(), `files-search-${theme}-${size}`);
            await page().goto(studio.url);
            await page().getByRole("button", { name: "Import" }).click();
            await page().getByRole("dialog").waitFor();
            await shot(page(), `import-${theme}-${size}`);
            const overflow = await page().evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
            expect(overflow <= 0, `${theme} ${size}: ${overflow} px too wide`);
          }
        expectNoProblems(browser as WatchedWindow);
      },
    },
  ];
});
