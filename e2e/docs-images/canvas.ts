/** The canvas with a live preview, an API and a database, and the variables of a container. */
import { createProject, finished } from "../account.ts";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { picture } from "../picture.ts";

export default journey({ templates: ["node-api"] }, async ({ studio, signUp, openWindow }) => {
  const account = await signUp();
  const { api } = account;
  const project = await createProject(account, "Bakery", "node-api");
  const params = { id: project.id };
  const { page } = await openWindow();
  const node = (name: string) => page.getByRole("group", { name: new RegExp(`^${name}`) });

  return [
    {
      name: "the canvas",
      run: async () => {
        const [app] = (await api.containers.list({ params, query: {} })).items;
        expect(app, "the template's app");
        const database = await api.containers.create({
          params,
          body: { container_type: "service", service_slug: "postgres", position_x: 640, position_y: 200 },
        });
        await finished(api, database.task_id);
        await api.connections.create({ params, body: { source_container_id: database.id, target_container_id: app.id } });
        await api.previews.create({ params, body: { connected_container_id: app.id } });
        await finished(api, (await api.projects.start({ params })).task_id);
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}/canvas`);
        await node("PostgreSQL").waitFor();
        // Leaves the canvas the room that the chat takes.
        await page.keyboard.press("Control+b");
        await page.keyboard.press("l");
        await page.keyboard.press("f");
        await node("Preview of Node API").getByRole("button", { name: /^Run/ }).click();
        await page.frameLocator("[data-testid=node-frame]").getByText("Ready to be built on").waitFor();
        await picture(page, "canvas");
      },
    },
    {
      name: "the variables of a container",
      run: async () => {
        const [app] = (await api.containers.list({ params, query: {} })).items;
        await node("Node API").focus();
        await page.keyboard.press("Enter");
        const details = page.getByRole("complementary", { name: app?.name ?? "" });
        await details.getByRole("tab", { name: /^Variables/ }).click();
        await details.getByRole("button", { name: "Add variable" }).click();
        await details.getByLabel("Name", { exact: true }).fill("GREETING");
        await details.getByLabel("Value", { exact: true }).fill("Good morning");
        await page.keyboard.press("Enter");
        await details.getByText("Restart to apply changes.").waitFor();
        await until("it is listed", async () => (await details.getByText("GREETING").count()) > 0);
        await picture(page, "container-variables");
      },
    },
  ];
});
