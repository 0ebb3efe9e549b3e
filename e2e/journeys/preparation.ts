/** A fresh server prepares its templates: progress on Home, projects that do not wait, and the administrator's choice. */
import { createProject, finished, signUp } from "../account.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens, expectNoProblems } from "../screens.ts";

export default journey(
  { ownServer: "it prepares its templates, which other journeys have already", templates: ["static"] },
  async (context) => {
    const studio = await context.startStudio({ TEMPLATE_PREPARATION: "1" });
    const admin = await signUp(studio.url, "Root");
    const watched = await context.openWindow();
    const { page } = watched;

    return [
      {
        name: "Home shows which template is prepared, and how many there are",
        run: async () => {
          await page.goto(`${studio.url}/login`);
          await page.getByLabel("Email").fill(admin.email);
          await page.getByLabel("Password", { exact: true }).fill(admin.password);
          await page.keyboard.press("Enter");
          await page.getByText(/^Preparing templates: .+, \d+ of \d+$/).waitFor();
          await checkScreens(page, "home-preparing");
          expectNoProblems(watched);
        },
      },
      {
        name: "a project from a prepared template does not wait for the others",
        run: async () => {
          const project = await createProject(admin, "Bakery", "static");
          await finished(admin.api, (await admin.api.projects.start({ params: { id: project.id } })).task_id);
          const { items } = await admin.api.preparation.list();
          expect(
            items.some(({ kind, state }) => kind === "template" && state === "preparing"),
            "another template is still being prepared",
          );
          await admin.api.projects.stop({ params: { id: project.id } });
        },
      },
      {
        name: "an administrator sees every part, removes a template and prepares it again",
        run: async () => {
          const { items: all } = await admin.api.preparation.list();
          const name = all.find(({ id }) => id === "template-static")?.name ?? "";
          await page.goto(`${studio.url}/admin/system`);
          const list = page.getByRole("region", { name: "Templates and browser" });
          await list.getByText("Preparing", { exact: true }).first().waitFor();
          await list.scrollIntoViewIfNeeded();
          await checkScreens(page, "admin-preparation", { before: () => list.scrollIntoViewIfNeeded() });
          await list.getByRole("button", { name: `Remove: ${name}` }).click();
          await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
          await list.getByRole("button", { name: `Prepare: ${name}` }).click();
          await until("it waits for its turn or is prepared", async () => {
            const { items } = await admin.api.preparation.list();
            return items.some(({ id, state }) => id === "template-static" && state !== "off");
          });
          expectNoProblems(watched);
        },
      },
    ];
  },
);
