/// <reference lib="dom" />
/** A project's repository, against a git server on loopback. */
import { join } from "node:path";
import { say, script, turn } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens, expectNoProblems, shot } from "../screens.ts";

export default journey({ hasMain: true }, async (context) => {
  const { model } = context;
  model.setScript(script([turn(say("No answer is needed."))]));
  const { gitHost: host } = context.services;
  const { studio, account, project, watched, page } = await context.openProject();
  const params = { id: project.slug };
  const project_id = project.slug;
  const { api } = account;

  const write = (path: string, content: string) => api.files.put({ params: { ...params, path }, body: { content } });
  const read = async (path: string) => (await api.files.batch({ params, body: { paths: [path] } })).files[0]?.content;
  /** Commits to the repository on the server, as another person. */
  const elsewhere = (name: string, path: string, content: string) => {
    const blob = host.git(name, "hash-object", "-w", "--stdin", { input: content }).trim();
    const env = { GIT_INDEX_FILE: join("/tmp", `index-${name}-${Math.random()}`) };
    host.git(name, "read-tree", "main", { env });
    host.git(name, "update-index", "--add", "--cacheinfo", `100644,${blob},${path}`, { env });
    const tree = host.git(name, "write-tree", { env }).trim();
    host.git(name, "update-ref", "refs/heads/main", host.git(name, "commit-tree", tree, "-p", "main", "-m", `elsewhere: ${path}`).trim());
  };
  const slots = (first: string, last: string) => [first, ...Array.from({ length: 20 }, (_, i) => `// note ${i + 1}`), last, ""].join("\n");

  const pane = page.getByRole("region", { name: "Git", exact: true });
  const row = (section: string, path: string) =>
    page.locator(`[data-testid=change-row][data-section=${section}]`).filter({ hasText: path });
  const hunks = page.getByTestId("hunk");
  const message = page.getByRole("textbox", { name: "Commit message" });
  const commits = page.getByTestId("commit-row");
  const dialog = page.getByRole("dialog").or(page.getByRole("alertdialog"));
  const choosePart = (name: string) => page.getByRole("radio", { name, exact: true }).click();
  const bar = page.getByRole("toolbar", { name: "Git" });
  const openBranches = () => bar.getByRole("button", { name: /^Branch / }).click();
  const onBranch = (name: string) => bar.getByRole("button", { name: `Branch ${name}`, exact: true }).waitFor();
  const more = async (name: string) => {
    await page.getByRole("button", { name: "More Git actions" }).click();
    await page.getByRole("menuitem", { name }).click();
  };

  return [
    {
      isMain: true,
      name: "a project without a repository has three options; the first commit is made by keyboard",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}/code`);
        await page.getByRole("button", { name: "Find a file" }).waitFor();
        await page.keyboard.press("g");
        await page.keyboard.press("g");
        await page.waitForURL(/\/git$/);
        await page.getByRole("heading", { name: "No Git repository yet" }).waitFor();
        await checkScreens(page, "git-start", { variants: ["light-d", "dark-m"], view: "Git" });
        await page.getByRole("button", { name: "Create repository" }).click();
        await row("changes", "index.html").waitFor();
        await message.fill("feat: the first page");
        await page.keyboard.press("Control+Enter");
        await page.getByRole("heading", { name: "Nothing to commit" }).waitFor();
        expect((await api.git.log({ params: { project_id }, query: {} })).items[0]?.message === "feat: the first page", "it is committed");
        await shot(page, "git-clean");
      },
    },
    {
      name: "one of two files is staged and committed, and the log shows it; hunks are staged separately; a discard is undone",
      run: async () => {
        await write("slots.js", slots("const a = 1;", "const z = 1;"));
        await write("styles.css", ".slot { color: black; }\n");
        await row("changes", "slots.js").waitFor();
        await row("changes", "slots.js").click();
        await page.keyboard.press("s");
        await row("staged", "slots.js").waitFor();
        await message.fill("feat: slots");
        await page.getByRole("button", { name: "Commit 1 staged" }).click();
        await row("staged", "slots.js").waitFor({ state: "detached" });
        await row("changes", "styles.css").waitFor();

        await write("slots.js", slots("const a = 2;", "const z = 2;"));
        await row("changes", "slots.js").click();
        await until("two hunks", async () => (await hunks.count()) === 2);
        await hunks.nth(0).getByRole("button", { name: "Stage this change" }).click();
        await row("staged", "slots.js").waitFor();
        await row("changes", "slots.js").waitFor();
        await until("one hunk is left", async () => (await hunks.count()) === 1);
        await checkScreens(page, "git-changes", { view: "Git" });
        await page.setViewportSize({ width: 390, height: 844 });
        await page.getByRole("button", { name: "Back to changes" }).click();
        await row("changes", "slots.js").waitFor();
        await shot(page, "git-list-light-m");
        await page.setViewportSize({ width: 1440, height: 900 });
        await row("changes", "slots.js").click();
        await hunks.nth(0).getByRole("button", { name: "Discard this change" }).click();
        await dialog.getByRole("button", { name: "Discard", exact: true }).click();
        await until("it is discarded", async () => (await read("slots.js")) === slots("const a = 2;", "const z = 1;"));
        await page.getByRole("button", { name: "Undo" }).click();
        await until("it is restored", async () => (await read("slots.js")) === slots("const a = 2;", "const z = 2;"));
        await row("changes", "slots.js").waitFor();
        // The tree shows the status letters, the status bar the branch.
        await page
          .getByLabel("Status", { exact: true })
          .getByRole("button", { name: /Branch main/ })
          .waitFor();
        await page.getByRole("link", { name: "Code" }).click();
        await page.getByTestId("file-row").filter({ hasText: "styles.css" }).getByLabel("untracked").waitFor();
        await shot(page, "git-tree");
        await page.getByRole("link", { name: /^Git/ }).click();
        // Select both with Shift and the arrow keys.
        await row("changes", "slots.js").click();
        await page.keyboard.press("Shift+ArrowDown");
        await page.keyboard.press(" ");
        await row("staged", "styles.css").waitFor();
        await message.fill("style: everything else");
        await page.keyboard.press("Control+Enter");
        await page.getByRole("heading", { name: "Nothing to commit" }).waitFor();
        await choosePart("History");
        await until("three commits", async () => (await commits.count()) === 3);
        const listed = await commits.evaluateAll((rows) => rows.map((one) => one.textContent));
        expect(listed[1]?.includes("feat: slots"), `listed: ${JSON.stringify(listed)}`);
      },
    },
    {
      isMain: true,
      name: "branches are created, switched with uncommitted changes, refused if those would be lost, and deleted",
      run: async () => {
        await openBranches();
        await page.getByRole("button", { name: "New branch…" }).click();
        await dialog.getByRole("textbox", { name: "Name" }).fill("opening hours");
        await dialog.getByText("The branch will be named opening-hours.").waitFor();
        await page.keyboard.press("Enter");
        await onBranch("opening-hours");
        await choosePart("Changes");
        await write("hours.txt", "9 to 5\n");
        await row("changes", "hours.txt").waitFor();
        await message.fill("feat: opening hours");
        await page.keyboard.press("Control+Enter");
        await page.getByRole("heading", { name: "Nothing to commit" }).waitFor();
        await write("hours.txt", "9 to 6\n");
        await row("changes", "hours.txt").waitFor();
        await openBranches();
        await page.getByPlaceholder("Find a branch").fill("mai");
        await shot(page, "git-branches");
        await page.keyboard.press("Enter");
        await dialog.getByRole("button", { name: "Bring changes" }).click();
        await dialog.getByText(/This file is different on main/).waitFor();
        await shot(page, "git-switch");
        await dialog.getByRole("button", { name: "Discard 1 file" }).click();
        await onBranch("main");
        await openBranches();
        await page.getByRole("button", { name: "Delete branch…" }).click();
        await page.getByRole("option", { name: "opening-hours" }).click();
        await dialog.getByRole("button", { name: "Delete branch", exact: true }).click();
        await dialog.getByRole("button", { name: "Delete anyway" }).waitFor();
        await dialog.getByRole("button", { name: "Cancel" }).click();
        await dialog.waitFor({ state: "detached" });
      },
    },
    {
      isMain: true,
      name: "a clone replaces the files and shows its progress",
      run: async () => {
        const url = host.add("bakery", {
          files: { "index.html": "<h1>Alder</h1>\n", "menu.js": "const bread = 3;\n", "hours.txt": "9 to 5\n" },
          history: 130,
        });
        await more("Replace files with a repository…");
        await dialog.getByLabel("Repository URL").fill("ftp://nowhere");
        await dialog.getByRole("button", { name: "Replace files" }).click();
        await dialog.getByText("Must start with https:// or http://.").waitFor();
        await dialog.getByLabel("Repository URL").fill(url);
        await shot(page, "git-clone");
        await page.keyboard.press("Enter");
        await pane.getByText("Up to date with origin/main").waitFor({ timeout: 40_000 });
        expect((await read("index.html")) === "<h1>Alder</h1>\n", "the repository's files are in the project");
        await choosePart("History");
        await page.getByText(/^\d+ commits$/).waitFor();
        await page.getByRole("listbox", { name: "Commits, newest first" }).focus();
        await page.keyboard.press("End");
        await until("few rows in the page", async () => (await commits.count()) < 90);
        await page.keyboard.press("Home");
      },
    },
    {
      name: "a conflicting remote commit: the push is refused, the pull lists the conflicts, ours is chosen, the merge is pushed",
      run: async () => {
        await write("index.html", "<h1>Alder Street</h1>\n");
        await write("menu.js", "const bread = 4;\n");
        await choosePart("Changes");
        await row("changes", "menu.js").waitFor();
        await message.fill("feat: our name");
        await page.keyboard.press("Control+Enter");
        await page.getByRole("heading", { name: "Nothing to commit" }).waitFor();
        elsewhere("bakery", "index.html", "<h1>Alder Road</h1>\n");
        elsewhere("bakery", "menu.js", "const bread = 5;\n");
        await bar.getByRole("button", { name: "Push", exact: true }).click();
        await pane.getByRole("alert").getByText("The remote has commits that you don't have locally.").waitFor();
        await shot(page, "git-refused");
        await bar.getByRole("button", { name: "Pull options" }).click();
        await page.getByRole("menuitem", { name: /Fast-forward only/ }).click();
        await pane
          .getByRole("alert")
          .getByText(/The branches have diverged/)
          .waitFor();
        await pane.getByRole("alert").getByRole("button", { name: "Merge" }).click();
        await row("conflicts", "index.html").waitFor();
        await row("conflicts", "menu.js").click();
        await page
          .getByRole("group", { name: /^Ours, main/ })
          .getByText("const bread = 4;")
          .waitFor();
        await page
          .getByRole("group", { name: /^Theirs, origin\/main/ })
          .getByText("const bread = 5;")
          .waitFor();
        await page.getByText("Conflict 1 of 1").waitFor();
        await checkScreens(page, "git-conflict", { view: "Git" });
        await page.getByRole("button", { name: "Both", exact: true }).click();
        await page.getByText("All conflicts resolved").waitFor();
        await page.getByRole("button", { name: "Mark as resolved" }).click();
        await row("conflicts", "menu.js").waitFor({ state: "detached" });
        expect((await read("menu.js")) === "const bread = 4;\nconst bread = 5;\n", "both lines are kept");
        await row("conflicts", "index.html").click();
        await pane.getByRole("region", { name: "Conflict in index.html" }).getByRole("button", { name: "Ask the agent" }).click();
        const draft = await page.getByRole("textbox", { name: "Message to the agent" }).inputValue();
        expect(draft.includes("- index.html") && draft.includes("Do not commit"), `draft: ${draft}`);
        await page.getByRole("textbox", { name: "Message to the agent" }).fill("");
        await page.getByRole("button", { name: "Accept ours" }).click();
        await row("conflicts", "index.html").waitFor({ state: "detached" });
        await page.getByRole("button", { name: "Finish merge" }).click();
        await page.getByRole("heading", { name: "Nothing to commit" }).waitFor();
        await bar.getByRole("button", { name: "Push", exact: true }).click();
        await pane.getByText("Up to date with origin/main").waitFor();
        const log = host.git("bakery", "log", "--format=%s", "-4", "main");
        expect(log.startsWith("Merge origin/main into main") && log.includes("feat: our name"), `the server has: ${log}`);
        expect(host.git("bakery", "show", "main:index.html") === "<h1>Alder Street</h1>\n", "ours was chosen");
      },
    },
    {
      name: "the history is shown, a commit is opened, a branch is created from it; a second window is updated",
      run: async () => {
        await choosePart("History");
        await commits.filter({ hasText: "feat: our name" }).click();
        await page
          .getByRole("region", { name: /^Commit / })
          .getByText("<h1>Alder Street</h1>")
          .waitFor();
        await checkScreens(page, "git-history", {
          view: "Git",
          before: async () => {
            if (page.viewportSize()?.width === 390) await choosePart("History");
          },
        });
        await choosePart("History");
        await commits.filter({ hasText: "feat: our name" }).click();
        await commits.filter({ hasText: "elsewhere: menu.js" }).click();
        await page.getByRole("button", { name: "Restore menu.js", exact: true }).click();
        await dialog.getByRole("button", { name: "Restore" }).click();
        await until("the file of that commit", async () => (await read("menu.js")) === "const bread = 5;\n");
        await page.getByRole("button", { name: "Undo" }).last().click();
        await until("and the current file", async () => (await read("menu.js")) === "const bread = 4;\nconst bread = 5;\n");
        await commits.filter({ hasText: "feat: our name" }).click();
        await page.getByRole("button", { name: "New branch from here…" }).click();
        await dialog.getByRole("textbox", { name: "Name" }).fill("from-there");
        await page.keyboard.press("Enter");
        await onBranch("from-there");
        // Another person's push: no click here.
        await api.git.checkout({ body: { project_id, branch: "main" } });
        await onBranch("main");
        await choosePart("Changes");
        await page.getByRole("switch", { name: "Push every commit" }).click();
        await write("hours.txt", "10 to 4\n");
        await row("changes", "hours.txt").waitFor();
        await message.fill("fix: hours");
        await page.keyboard.press("Control+Enter");
        await until("it is on the server", () => host.git("bakery", "log", "-1", "--format=%s", "main") === "fix: hours\n");
        expectNoProblems(watched);
      },
    },
    {
      name: "a status request that failed offline is repeated when the connection is back",
      run: async () => {
        await page.route("**/api/git/info/*", (route) => route.abort("connectionreset"));
        await page.reload();
        await page.getByRole("heading", { name: "Couldn't load repository" }).waitFor();
        await page.unroute("**/api/git/info/*");
        await page.context().setOffline(true);
        await page.context().setOffline(false);
        await page.getByRole("heading", { name: "Nothing to commit" }).waitFor();
      },
    },
  ];
});
