/** The admin console: access, suspending with a reason, impersonation, the audit log. */
import type { Page } from "playwright-core";
import { createProject, signUp } from "../account.ts";
import { type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const { studio } = context;
  // The first account of a local server is its administrator.
  const root = context.admin;
  const ada = await signUp(studio.url, "Adelheid");
  const bob = await signUp(studio.url, "Bertram");
  const { id: adaId } = await ada.api.users.me();
  const { slug } = await createProject(ada, "Alder Street Bakery", "static");

  let admin: WatchedWindow | undefined;
  const page = () => (admin as WatchedWindow).page;
  const enter = async ({ email, password }: { email: string; password: string }, at: string): Promise<WatchedWindow> => {
    const watched = await context.openWindow();
    watched.page.setDefaultTimeout(10_000);
    await watched.page.goto(`${studio.url}/login?next=${encodeURIComponent(at)}`);
    await watched.page.getByLabel("Email").fill(email);
    await watched.page.getByLabel("Password", { exact: true }).fill(password);
    await watched.page.keyboard.press("Enter");
    return watched;
  };
  /** The console's code that a page requests. */
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
      name: "a user who is not an administrator gets no console and none of its code",
      run: async () => {
        const other = await context.openWindow();
        const seen = consoleCode(other.page);
        await other.page.goto(`${studio.url}/login?next=/admin/users`);
        await other.page.getByLabel("Email").fill(bob.email);
        await other.page.getByLabel("Password", { exact: true }).fill(bob.password);
        await other.page.keyboard.press("Enter");
        await other.page.getByRole("heading", { name: "Page not found" }).waitFor();
        for (const path of ["/admin", "/admin/audit", `/admin/users/${adaId}`]) {
          await other.page.goto(`${studio.url}${path}`);
          await other.page.getByRole("heading", { name: "Page not found" }).waitFor();
        }
        expect((await other.page.getByRole("link", { name: "Administration" }).count()) === 0, "no link is shown");
        expect(seen.length === 0, `requested: ${seen.join(", ")}`);
        expectNoProblems(other);
        await other.page.context().close();
      },
    },
    {
      name: "an administrator finds users; search, filter and order are in the URL",
      run: async () => {
        admin = await enter(root, "/admin/users");
        await page().waitForURL(/\/admin\/users/);
        const table = page().getByRole("table", { name: "Users" });
        await table.getByText("Adelheid", { exact: true }).waitFor();
        await shot(page(), "admin-users");
        await expectAccessible(page(), "admin users");
        await page().getByRole("searchbox", { name: "Search users" }).fill(ada.email.slice(0, 8));
        await page().waitForURL(/q=/);
        await page().getByText("1 found").waitFor();
        await page().getByRole("button", { name: "State" }).click();
        await page().getByRole("menuitemradio", { name: "Suspended" }).click();
        await page().getByRole("heading", { name: "No results" }).waitFor();
        await page().getByRole("button", { name: "Clear filters" }).click();
        await table.getByRole("button", { name: "Email" }).click();
        await page().waitForURL(/sort=email/);
        expect(
          (await table.getByRole("columnheader", { name: "Email" }).getAttribute("aria-sort")) === "descending",
          "the order is announced",
        );
      },
    },
    {
      name: "several users are suspended together, and the toast undoes it",
      run: async () => {
        await page().goto(`${studio.url}/admin/users`);
        await page().getByRole("checkbox", { name: "Select Adelheid" }).click();
        await page().getByRole("checkbox", { name: "Select Bertram" }).click();
        const bar = page().getByRole("region", { name: "Selected rows" });
        await bar.getByText("2 selected").waitFor();
        await expectAccessible(page(), "selected users");
        await bar.getByRole("button", { name: "Suspend users…", exact: true }).click();
        await dialog().getByRole("textbox", { name: "Reason" }).fill("Spam");
        await dialog().getByRole("button", { name: "Suspend users" }).click();
        const states = page().getByRole("table", { name: "Users" }).getByText("Suspended", { exact: true });
        await until("both are suspended", async () => (await states.count()) === 2);
        await page().getByRole("button", { name: "Undo" }).click();
        await until("nobody is suspended", async () => (await states.count()) === 0);
        expect((await root.api.adminAudit.list({ query: { target_id: adaId } })).total === 2, "both changes are in the audit log");
      },
    },
    {
      name: "impersonation requires a reason, is always visible, and can be ended",
      run: async () => {
        await page().getByRole("table", { name: "Users" }).getByRole("button", { name: "Adelheid" }).click();
        await page().waitForURL(new RegExp(adaId));
        const panel = page().getByRole("region", { name: "Adelheid" });
        await panel.getByText("Alder Street Bakery").waitFor();
        await shot(page(), "admin-user");
        await expectAccessible(page(), "admin user");
        await panel.getByRole("button", { name: "Impersonate user…" }).click();
        await dialog().getByRole("button", { name: "Impersonate user" }).click();
        await dialog().getByText("A reason is required").waitFor();
        await dialog().getByRole("textbox", { name: "Reason" }).fill("Ticket 7");
        await dialog().getByRole("button", { name: "Impersonate user" }).click();
        const banner = page().getByRole("status", { name: "Impersonation" });
        await banner.getByText("Adelheid", { exact: true }).waitFor();
        await page().getByText("Alder Street Bakery").first().waitFor();
        await shot(page(), "admin-acting");
        await expectAccessible(page(), "impersonation");
        // The user sees the administrator in their project, and where.
        const theirs = await enter(ada, `/p/${slug}/preview`);
        await page().goto(`${studio.url}/p/${slug}/board`);
        const visitor = theirs.page.getByRole("button", { name: /^Follow .+, administrator · Board$/ });
        await visitor.waitFor();
        await shot(theirs.page, "workbench-visitor");
        await expectAccessible(theirs.page, "workbench with a visitor");
        await visitor.click();
        await theirs.page.waitForURL(new RegExp(`/p/${slug}/board$`));
        await page().goto(`${studio.url}/admin/users`);
        await page().getByRole("heading", { name: "Page not found" }).waitFor();
        await banner.getByRole("button", { name: "Stop impersonating" }).click();
        await page().waitForURL(new RegExp(`/admin/users/${adaId}`));
        expect((await banner.count()) === 0, "the banner is removed");
        await visitor.waitFor({ state: "detached" });
        await theirs.page.context().close();
        await panel.getByText("Impersonation started").waitFor();
      },
    },
    {
      name: "suspending requires a reason, is logged, and signs the user out immediately",
      run: async () => {
        const theirs = await enter(ada, "/projects");
        await theirs.page.getByText("Alder Street Bakery").first().waitFor();
        const panel = page().getByRole("region", { name: "Adelheid" });
        await panel.getByRole("button", { name: "Suspend user…" }).click();
        let patchCount = 0;
        page().on("request", (request) => (patchCount += request.method() === "PATCH" ? 1 : 0));
        await dialog().getByRole("button", { name: "Suspend user" }).click();
        await dialog().getByText("A reason is required").waitFor();
        expect(patchCount === 0, "nothing is sent without a reason");
        await shot(page(), "admin-reason");
        await expectAccessible(page(), "reason dialog");
        await dialog().getByRole("textbox", { name: "Reason" }).fill("Spam from nine addresses");
        await dialog().getByRole("button", { name: "Suspend user" }).click();
        await panel.getByText("“Spam from nine addresses”").waitFor();
        await panel.getByRole("button", { name: "Unsuspend user…" }).waitFor();
        expect((patchCount as number) === 1, "sent once");
        // Their next click leads to the login page.
        await theirs.page.getByRole("link", { name: "Settings" }).first().click();
        await theirs.page.goto(`${studio.url}/projects`);
        await theirs.page.waitForURL(/\/login/);
        await theirs.page.context().close();
        const refused = await fetch(`${studio.url}/api/users/me`, { headers: { authorization: `Bearer ${ada.token()}` } });
        expect(refused.status === 401, "their token is refused");
      },
    },
    {
      name: "the log shows who did what to whom and why, on a phone and in the dark theme too",
      run: async () => {
        await page().getByRole("navigation", { name: "Administration" }).getByRole("link", { name: "Audit log" }).click();
        const table = page().getByRole("table", { name: "Audit log" });
        await table.getByText("Spam from nine addresses").waitFor();
        await shot(page(), "admin-audit");
        await expectAccessible(page(), "audit log");
        await page().getByRole("button", { name: "Action" }).click();
        await page().getByRole("menuitemradio", { name: "User suspended" }).click();
        const { total } = await root.api.adminAudit.list({ query: { action_type: "user.suspend" } });
        await until("only suspensions", async () => (await table.locator("tbody tr").count()) === total);
        const [file] = await Promise.all([page().waitForEvent("download"), page().getByRole("link", { name: "Export CSV" }).click()]);
        expect(/^audit-log-.*\.csv$/.test(file.suggestedFilename()), "the file has a descriptive name");
        await page().getByRole("button", { name: "Switch to dark theme" }).click();
        await page().goto(`${studio.url}/admin/users/${adaId}`);
        await page().getByRole("region", { name: "Adelheid" }).getByText("Spam from nine addresses").first().waitFor();
        await shot(page(), "admin-user-dark");
        await expectAccessible(page(), "a suspended user, dark");
        await page().setViewportSize({ width: 390, height: 844 });
        await shot(page(), "admin-user-phone");
        const panel = await page().getByRole("region", { name: "Adelheid" }).boundingBox();
        expect(panel?.width === 390, `the panel fills a phone: ${panel?.width} px`);
        await expectAccessible(page(), "a user on a phone");
        await page().getByRole("button", { name: "Back to the list" }).click();
        await page().getByRole("table", { name: "Users" }).waitFor();
        await shot(page(), "admin-users-phone");
        await expectAccessible(page(), "users on a phone");
        await page().getByRole("link", { name: "Audit log" }).click();
        await page().getByRole("table", { name: "Audit log" }).waitFor();
        await shot(page(), "admin-audit-phone");
        expectNoProblems(admin as WatchedWindow);
      },
    },
  ];
});
