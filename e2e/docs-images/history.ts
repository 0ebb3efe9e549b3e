/** The timeline with a restore, and Git with a conflict and a graph of commits. */
import { bakeryPage, createBakery } from "../bakery.ts";
import { createProject, finished } from "../account.ts";
import { signIn } from "../browser.ts";
import { journey } from "../journey.ts";
import { picture } from "../picture.ts";

export default journey({}, async ({ studio, services, signUp, openWindow }) => {
  const host = services.gitHost;
  const account = await signUp();
  const { api } = account;
  const { page } = await openWindow();
  await signIn(page, studio.url, account);
  const dialog = page.getByRole("dialog");
  const bar = page.getByRole("toolbar", { name: "Git" });
  const row = (section: string, path: string) =>
    page.locator(`[data-testid=change-row][data-section=${section}]`).filter({ hasText: path });

  return [
    {
      name: "the timeline and a restore",
      run: async () => {
        const project = await createBakery(account);
        const params = { id: project.id };
        const write = (path: string, content: string) => api.files.put({ params: { ...params, path }, body: { content } });
        const save = async (label: string) => finished(api, (await api.snapshots.create({ params, body: { label } })).task_id);
        await save("First page");
        const opened = bakeryPage.replace("Alder Street 12<", "Alder Street 12, open from seven<");
        await write("index.html", opened);
        await save("Opening hours");
        await write("index.html", opened.replace("Cinnamon bun", "Cardamom bun").replace("2.90", "3.20"));
        await write("summer.html", "<h1>Closed in July</h1>\n");
        await page.goto(`${studio.url}/p/${project.slug}/timeline`);
        await page.getByTestId("timeline-entry").filter({ hasText: "Opening hours" }).click();
        const panel = page.getByRole("complementary", { name: "Comparison" });
        await panel.getByRole("button", { name: /index\.html/ }).click();
        await panel.getByRole("group", { name: "Changes in index.html" }).getByText("Cardamom").waitFor();
        await picture(page, "timeline");
        await panel.getByRole("button", { name: /^Restore / }).click();
        await dialog.getByRole("switch", { name: "Save current state first" }).waitFor();
        await picture(page, "restore");
        await page.keyboard.press("Escape");
      },
    },
    {
      name: "a merge conflict and the history",
      run: async () => {
        const name = "alder-street";
        const commit = (message: string, path: string, content: string, branch = "main") => {
          host.commit(name, path, content, branch);
          // With a message of its own.
          const [tree, parent] = host.git(name, "log", "-1", "--format=%T %P", branch).trim().split(" ");
          const renamed = host.git(name, "commit-tree", tree ?? "", "-p", parent ?? "", "-m", message).trim();
          host.git(name, "update-ref", `refs/heads/${branch}`, renamed);
        };
        const url = host.add(name, { files: { "index.html": bakeryPage, "menu.js": "export const bread = 5.4;\n" } });
        commit("style: margins of the page", "style.css", "body { margin: 0; }\n");
        commit("feat: opening hours", "hours.txt", "9 to 5\n");
        commit("feat: buns on the menu", "menu.js", "export const bread = 5.4;\nexport const bun = 2.9;\n");
        host.git(name, "branch", "summer", "main");
        commit("feat: closed in July", "summer.html", "<h1>Closed in July</h1>\n", "summer");
        const project = await createProject(account, "Alder Street Bakery", "static");
        const project_id = project.id;
        await finished(api, (await api.git.clone({ body: { project_id, repo_url: url } })).task_id);
        await api.files.put({
          params: { id: project_id, path: "menu.js" },
          body: { content: "export const bread = 5.6;\nexport const bun = 2.9;\n" },
        });
        await api.git.commit({ body: { project_id, message: "feat: new price of bread" } });
        commit("fix: price of bread", "menu.js", "export const bread = 5.8;\nexport const bun = 2.9;\n");
        await page.goto(`${studio.url}/p/${project.slug}/git`);
        await bar.getByRole("button", { name: "Pull", exact: true }).click();
        await row("conflicts", "menu.js").click();
        await page.getByText("Conflict 1 of 1").waitFor();
        await picture(page, "git-conflict");
        await page.getByRole("button", { name: "Theirs", exact: true }).click();
        await page.getByText("All conflicts resolved").waitFor();
        await page.getByRole("button", { name: "Mark as resolved" }).click();
        await row("conflicts", "menu.js").waitFor({ state: "detached" });
        await page.getByRole("button", { name: "Finish merge" }).click();
        await page.getByRole("heading", { name: "Nothing to commit" }).waitFor();
        await page.getByRole("radio", { name: "History", exact: true }).click();
        await page.getByTestId("commit-row").filter({ hasText: "feat: new price of bread" }).click();
        await page
          .getByRole("region", { name: /^Commit / })
          .getByText("bread = 5.6")
          .waitFor();
        await picture(page, "git-history");
      },
    },
  ];
});
