/** The administrators' console: who gets in, suspending with a reason, acting as somebody, the log. */
import type { Page } from "playwright-core";
import { createProject, signUp } from "../account.ts";
import { type Watched } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { accessible, noOffences, shot } from "../looks.ts";

export default journey({}, async (stage) => {
  const { studio } = stage;
  // Whoever registers first on a server of one's own machine is its administrator.
  const root = stage.admin;
  const ada = await signUp(studio.url, "Adelheid");
  const bob = await signUp(studio.url, "Bertram");
  const { id: adaId } = await ada.api.users.me();
  await createProject(ada, "Alder Street Bakery", "static");

  let admin: Watched | undefined;
  const page = () => (admin as Watched).page;
  const enter = async ({ email, password }: { email: string; password: string }, at: string): Promise<Watched> => {
    const watched = await stage.openWindow();
    watched.page.setDefaultTimeout(10_000);
    await watched.page.goto(`${studio.url}/login?next=${encodeURIComponent(at)}`);
    await watched.page.getByLabel("E-mail").fill(email);
    await watched.page.getByLabel("Password", { exact: true }).fill(password);
    await watched.page.keyboard.press("Enter");
    return watched;
  };
  /** The code of the console that a page asks for. */
  const consoleCode = (of: Page): string[] => {
    const seen: string[] = [];
    of.on("request", (request) => {
      if (/AdminShell|AdminTable|UsersTab|UserPanel|AuditTab|\/api\/admin\//.test(request.url())) seen.push(request.url());
    });
    return seen;
  };
  const dialog = () => page().getByRole("dialog");

  return [
    {
      name: "whoever is no administrator finds nothing there, and is sent none of its code",
      run: async () => {
        const other = await stage.openWindow();
        const seen = consoleCode(other.page);
        await other.page.goto(`${studio.url}/login?next=/admin/users`);
        await other.page.getByLabel("E-mail").fill(bob.email);
        await other.page.getByLabel("Password", { exact: true }).fill(bob.password);
        await other.page.keyboard.press("Enter");
        await other.page.getByRole("heading", { name: "Nothing is here" }).waitFor();
        for (const path of ["/admin", "/admin/audit", `/admin/users/${adaId}`]) {
          await other.page.goto(`${studio.url}${path}`);
          await other.page.getByRole("heading", { name: "Nothing is here" }).waitFor();
        }
        expect((await other.page.getByRole("link", { name: "Administration" }).count()) === 0, "no way there is shown");
        expect(seen.length === 0, `asked for: ${seen.join(", ")}`);
        noOffences(other);
        await other.page.context().close();
      },
    },
    {
      name: "an administrator finds people by the address: search, filter, order",
      run: async () => {
        admin = await enter(root, "/admin/users");
        await page().waitForURL(/\/admin\/users/);
        const table = page().getByRole("table", { name: "Users" });
        await table.getByText("Adelheid", { exact: true }).waitFor();
        await shot(page(), "admin-users");
        await accessible(page(), "admin users");
        await page().getByRole("searchbox", { name: "Search users" }).fill(ada.email.slice(0, 8));
        await page().waitForURL(/q=/);
        await page().getByText("1 found").waitFor();
        await page().getByRole("button", { name: "State" }).click();
        await page().getByRole("menuitemradio", { name: "Suspended" }).click();
        await page().getByRole("heading", { name: "Nothing fits" }).waitFor();
        await page().getByRole("button", { name: "Clear search and filters" }).click();
        await table.getByRole("button", { name: "E-mail" }).click();
        await page().waitForURL(/sort=email/);
        expect((await table.getByRole("columnheader", { name: "E-mail" }).getAttribute("aria-sort")) === "descending", "the order is told");
      },
    },
    {
      name: "acting as somebody: with a reason, in sight all the time, and back",
      run: async () => {
        await page().getByRole("table", { name: "Users" }).getByRole("button", { name: "Adelheid" }).click();
        await page().waitForURL(new RegExp(adaId));
        const panel = page().getByRole("region", { name: "Adelheid" });
        await panel.getByText("Alder Street Bakery").waitFor();
        await shot(page(), "admin-user");
        await accessible(page(), "admin user");
        await panel.getByRole("button", { name: "Act as them…" }).click();
        await dialog().getByRole("button", { name: "Act as them" }).click();
        await dialog().getByText("A reason is required").waitFor();
        await dialog().getByRole("textbox", { name: "Reason" }).fill("Ticket 7");
        await dialog().getByRole("button", { name: "Act as them" }).click();
        const strip = page().getByRole("status", { name: "Acting as somebody else" });
        await strip.getByText("Adelheid", { exact: true }).waitFor();
        await page().getByText("Alder Street Bakery").first().waitFor();
        await shot(page(), "admin-acting");
        await accessible(page(), "acting as somebody");
        await page().goto(`${studio.url}/admin/users`);
        await page().getByRole("heading", { name: "Nothing is here" }).waitFor();
        await strip.getByRole("button", { name: "Stop" }).click();
        await page().waitForURL(new RegExp(`/admin/users/${adaId}`));
        expect((await strip.count()) === 0, "the strip is gone");
        await panel.getByText("Began to act as them").waitFor();
      },
    },
    {
      name: "suspending without a reason is blocked; with one it is done, written down, and the person is out at once",
      run: async () => {
        const theirs = await enter(ada, "/projects");
        await theirs.page.getByText("Alder Street Bakery").first().waitFor();
        const panel = page().getByRole("region", { name: "Adelheid" });
        await panel.getByRole("button", { name: "Suspend…" }).click();
        let asked = 0;
        page().on("request", (request) => (asked += request.method() === "PATCH" ? 1 : 0));
        await dialog().getByRole("button", { name: "Suspend" }).click();
        await dialog().getByText("A reason is required").waitFor();
        expect(asked === 0, "nothing is sent without a reason");
        await shot(page(), "admin-reason");
        await accessible(page(), "asking for the reason");
        await dialog().getByRole("textbox", { name: "Reason" }).fill("Spam from nine addresses");
        await dialog().getByRole("button", { name: "Suspend" }).click();
        await panel.getByText("“Spam from nine addresses”").waitFor();
        await panel.getByRole("button", { name: "Lift the suspension…" }).waitFor();
        expect((asked as number) === 1, "sent once");
        // Their next click leads out.
        await theirs.page.getByRole("link", { name: "Settings" }).first().click();
        await theirs.page.goto(`${studio.url}/projects`);
        await theirs.page.waitForURL(/\/login/);
        await theirs.page.context().close();
        const refused = await fetch(`${studio.url}/api/users/me`, { headers: { authorization: `Bearer ${ada.token()}` } });
        expect(refused.status === 401, "their token is refused");
      },
    },
    {
      name: "the log tells who, what, whom and why; on a phone and in the dark too",
      run: async () => {
        await page().getByRole("navigation", { name: "Administration" }).getByRole("link", { name: "Audit" }).click();
        const table = page().getByRole("table", { name: "Audit log" });
        await table.getByText("Spam from nine addresses").waitFor();
        await shot(page(), "admin-audit");
        await accessible(page(), "audit log");
        await page().getByRole("button", { name: "Action" }).click();
        await page().getByRole("menuitemradio", { name: "Suspended" }).click();
        await until("only suspensions", async () => (await table.locator("tbody tr").count()) === 1);
        const [file] = await Promise.all([page().waitForEvent("download"), page().getByRole("link", { name: "CSV" }).click()]);
        expect(/^audit-log-.*\.csv$/.test(file.suggestedFilename()), "a file of a telling name");
        await page().getByRole("button", { name: "Dark theme" }).click();
        await page().goto(`${studio.url}/admin/users/${adaId}`);
        await page().getByRole("region", { name: "Adelheid" }).getByText("Spam from nine addresses").first().waitFor();
        await shot(page(), "admin-user-dark");
        await accessible(page(), "a suspended user, dark");
        await page().setViewportSize({ width: 390, height: 844 });
        await shot(page(), "admin-user-phone");
        const panel = await page().getByRole("region", { name: "Adelheid" }).boundingBox();
        expect(panel?.width === 390, `the panel has a phone to itself: ${panel?.width} px`);
        await accessible(page(), "a user on a phone");
        await page().getByRole("button", { name: "Back to the list" }).click();
        await page().getByRole("table", { name: "Users" }).waitFor();
        await shot(page(), "admin-users-phone");
        await accessible(page(), "users on a phone");
        await page().getByRole("link", { name: "Audit" }).click();
        await page().getByRole("table", { name: "Audit log" }).waitFor();
        await shot(page(), "admin-audit-phone");
        noOffences(admin as Watched);
      },
    },
  ];
});
