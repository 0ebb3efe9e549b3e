/** The deploy form, a deployment with its checks, and one that the launch gate stopped. */
import { bakeryPage, createBakery } from "../bakery.ts";
import { signIn } from "../browser.ts";
import { journey, until } from "../journey.ts";
import { picture } from "../picture.ts";

export default journey({}, async ({ studio, services, signUp, openWindow }) => {
  const account = await signUp();
  const { api } = account;
  const project = await createBakery(account);
  const params = { id: project.id };
  const { page } = await openWindow();
  const sheet = page.getByRole("dialog");
  const write = (path: string, content: string) => api.files.put({ params: { ...params, path }, body: { content } });
  const ended = (version: number, provider: string) =>
    until(
      `version ${version} ends`,
      async () =>
        (await api.deployments.list({ params: { project_id: project.id }, query: {} })).items.some(
          (one) => one.version === version && one.provider === provider && ["success", "failed"].includes(one.status),
        ),
      60_000,
    );
  const deploy = async (target: RegExp, button: string) => {
    await page.locator(".workbench-top").getByRole("button", { name: "Deploy", exact: true }).click();
    await sheet.getByRole("radio", { name: target }).click();
    await sheet.getByRole("button", { name: button }).click();
  };

  return [
    {
      name: "a deployment",
      run: async () => {
        // Plain files need no build.
        await api.files.remove({ params: { ...params, path: "package.json" } });
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}/deploys`);
        await page.locator(".workbench-top").getByRole("button", { name: "Deploy", exact: true }).click();
        await sheet.getByRole("radio", { name: /^Netlify/ }).click();
        const connect = sheet.getByRole("region", { name: "Connect Netlify" });
        await connect.getByLabel("API token").fill(services.netlify.token);
        await connect.getByRole("button", { name: "Connect", exact: true }).click();
        await connect.waitFor({ state: "detached" });
        await sheet.getByRole("button", { name: "Deploy to Netlify" }).click();
        await ended(1, "netlify");
        await page.keyboard.press("Escape");
        await deploy(/^This server/, "Deploy to this server");
        await ended(1, "local");
        await page.keyboard.press("Escape");
        const version = page.getByRole("region", { name: /on this server$/ }).locator("[data-testid=version][data-version='1']");
        await version.getByRole("button").first().click();
        await page.getByRole("complementary", { name: "v1 to this server" }).getByText("v1 is live.").waitFor();
        await picture(page, "deployment");
      },
    },
    {
      name: "what the launch gate finds",
      run: async () => {
        await api.secrets.set({ params: { project_id: project.id }, body: { key: "STRIPE_KEY", value: "sk_live_bakery_4f2c9a7710" } });
        await write("index.html", bakeryPage.replace("</main>", "<!-- sk_live_bakery_4f2c9a7710 --></main>"));
        await deploy(/^This server/, "Deploy to this server");
        await ended(2, "local");
        await sheet.getByText("Blocked by 1 check").waitFor();
        await picture(page, "launch-gate");
        await page.keyboard.press("Escape");
      },
    },
    {
      name: "the deploy form",
      run: async () => {
        await page.locator(".workbench-top").getByRole("button", { name: "Deploy", exact: true }).click();
        await sheet.getByRole("radio", { name: /^This server/ }).click();
        await sheet.getByRole("radio", { name: "Preview" }).click();
        await sheet.getByText(/^v1 stays live at/).waitFor();
        await picture(page, "deploy");
      },
    },
  ];
});
