import { AdminUser } from "@tesslate/contract";
import {
  expect,
  expectAccessible,
  refuse,
  sample,
  sampleTime,
  screen,
  signedIn,
  test,
  waitFor,
  within,
  type CannedApi,
} from "../../testing/index.ts";

const lena = sample(AdminUser, {
  name: "Lena Hart",
  email: "lena@example.com",
  is_active: true,
  project_count: 1200,
  subscription_tier: "pro",
});
const administrator = (api: CannedApi) => {
  api.answer("adminSetup.get", { is_complete: true, steps: [] });
  signedIn(api, { is_superuser: true });
};
const path = "/admin/users";

test("other users get no such page, and none of its data is requested", async ({ api, open }) => {
  signedIn(api);
  open(path);
  expect(await screen.findByRole("heading", { name: "Page not found" })).toBeVisible();
  expect(api.asked("adminUsers.list")).toEqual([]);
});

test("lists all users with their number", async ({ api, open }) => {
  administrator(api);
  api.answer("adminUsers.list", { items: [lena], total: 12_345, total_pages: 247 });
  open(path);
  const row = await screen.findByRole("row", { name: /Lena Hart/ });
  expect(row).toHaveTextContent("lena@example.com");
  expect(row).toHaveTextContent("1,200");
  expect(screen.getByText("12,345 total")).toBeVisible();
  await expectAccessible();
});

test("search, filter and order are sent to the server and kept in the URL", async ({ api, open, user }) => {
  administrator(api);
  api.answer("adminUsers.list", { items: [lena] });
  const app = open(path);
  await screen.findByRole("row", { name: /Lena Hart/ });
  await user.type(screen.getByRole("searchbox", { name: "Search users" }), "lena");
  await waitFor(() => expect(api.asked("adminUsers.list").at(-1)?.query.get("search")).toBe("lena"));
  await user.click(screen.getByRole("button", { name: "State" }));
  await user.click(await screen.findByRole("menuitemradio", { name: "Suspended" }));
  await waitFor(() => expect(api.asked("adminUsers.list").at(-1)?.query.get("status")).toBe("suspended"));
  await user.click(screen.getByRole("button", { name: "Projects" }));
  await waitFor(() => expect(screen.getByRole("columnheader", { name: "Projects" })).toHaveAttribute("aria-sort"));
  expect(app.path()).toContain("q=lena");
  expect(app.path()).toContain("status=suspended");
  expect(app.path()).toContain("sort=project_count");
});

test("a search without results offers to clear the filters", async ({ api, open, user }) => {
  administrator(api);
  api.answer("adminUsers.list", ({ query }) => ({ items: query.get("search") ? [] : [lena] }));
  open(`${path}?q=zzz`);
  await screen.findByRole("heading", { name: "No results" });
  await user.click(screen.getByRole("button", { name: "Clear filters" }));
  await screen.findByRole("row", { name: /Lena Hart/ });
});

test("pages can be turned; the buttons are disabled at both ends", async ({ api, open, user }) => {
  administrator(api);
  api.answer("adminUsers.list", { items: [lena], total: 51, total_pages: 2 });
  const app = open(path);
  const pages = await screen.findByRole("navigation", { name: "Pages" });
  expect(within(pages).getByRole("button", { name: "Previous page" })).toBeDisabled();
  await user.click(within(pages).getByRole("button", { name: "Next page" }));
  await waitFor(() => expect(app.path()).toContain("page=2"));
  await waitFor(() => expect(within(pages).getByRole("button", { name: "Next page" })).toBeDisabled());
});

test("a failure names the list and recovers", async ({ api, open, user }) => {
  administrator(api);
  api.answer("adminUsers.list", refuse("internal_error"));
  open(path);
  expect(await screen.findByRole("alert")).toHaveTextContent("Couldn't load users");
  api.answer("adminUsers.list", { items: [lena] });
  await user.click(screen.getByRole("button", { name: "Retry" }));
  await screen.findByRole("row", { name: /Lena Hart/ });
});

test("a missing account is reported next to the list", async ({ api, open, user }) => {
  administrator(api);
  api.answer("adminUsers.list", { items: [lena] });
  api.answer("adminUsers.get", refuse("not_found"));
  const app = open(path);
  await user.click(await screen.findByRole("button", { name: /Lena Hart/ }));
  await waitFor(() => expect(app.path()).toBe(`${path}/${lena.id}`));
  expect(await screen.findByText("User not found")).toBeVisible();
  expect(screen.getByRole("row", { name: /Lena Hart/ })).toBeVisible();
});

test("several users are suspended with one reason, and the toast undoes it", async ({ api, open, user }) => {
  const noor = sample(AdminUser, { id: "00000000-0000-4000-8000-0000000000a1", name: "Noor Tahir", is_active: true });
  const root = sample(AdminUser, { id: "00000000-0000-4000-8000-0000000000a2", name: "Root", is_superuser: true });
  administrator(api);
  api.answer("adminUsers.list", { items: [lena, noor, root] });
  api.answer("adminUsers.suspend", { changed: [lena.id, noor.id], skipped: [] });
  open(path);
  await user.click(await screen.findByRole("checkbox", { name: "Select all rows" }));
  const bar = screen.getByRole("region", { name: "Selected rows" });
  expect(bar).toHaveTextContent("3 selected");
  await user.click(within(bar).getByRole("button", { name: "Suspend users…" }));
  const dialog = await screen.findByRole("dialog", { name: "Suspend 2 users?" });
  expect(dialog).toHaveTextContent("This signs Lena Hart and Noor Tahir out everywhere");
  await user.type(within(dialog).getByRole("textbox", { name: "Reason" }), "Spam");
  await user.click(within(dialog).getByRole("button", { name: "Suspend users" }));
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() =>
    expect(api.asked("adminUsers.suspend").map(({ body }) => body)).toMatchObject([
      { user_ids: [lena.id, noor.id], is_suspended: true, reason: "Spam" },
      { user_ids: [lena.id, noor.id], is_suspended: false, reason: "Undone: Spam" },
    ]),
  );
  expect(screen.queryByRole("region", { name: "Selected rows" })).toBeNull();
});

test("columns can be hidden; the choice is kept in this browser", async ({ api, open, user }) => {
  administrator(api);
  api.answer("adminUsers.list", { items: [lena] });
  open(path);
  await screen.findByRole("columnheader", { name: "Email" });
  await user.click(screen.getByRole("button", { name: "Columns" }));
  await user.click(await screen.findByRole("checkbox", { name: "Email" }));
  await waitFor(() => expect(screen.queryByRole("columnheader", { name: "Email" })).toBeNull());
  expect(localStorage.getItem("studio:admin-columns:Users")).toContain("email");
});

test("Esc closes the panel of a user, but not while a dialog is open or a field is typed into", async ({ api, open, user }) => {
  administrator(api);
  api.blankReads();
  api.answer("adminUsers.list", { items: [lena] });
  api.answer("adminUsers.get", lena);
  const app = open(`${path}/${lena.id}`);
  await screen.findByRole("heading", { name: "Lena Hart" });
  await user.type(screen.getByRole("searchbox", { name: "Search users" }), "{Escape}");
  expect(app.path()).toBe(`${path}/${lena.id}`);
  (document.activeElement as HTMLElement).blur();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(app.path()).toBe(path));
});

test("accounts are deleted together after their number was typed; administrators are skipped, and Undo restores them", async ({
  api,
  open,
  user,
}) => {
  administrator(api);
  const people = ["Lena Hart", "Ada Okoye", "Root"].map((name, index) =>
    sample(AdminUser, {
      name,
      id: `00000000-0000-4000-8000-00000000000${index + 1}`,
      is_superuser: name === "Root",
      is_deleted: false,
      is_suspended: false,
    }),
  );
  api.answer("adminUsers.list", { items: people });
  api.answer("adminUsers.remove", ({ params }) =>
    params["id"]?.endsWith("2") ? refuse("forbidden", { detail: "Not this one." }) : { user_id: people[0]?.id, scheduled_for: sampleTime },
  );
  api.blank("adminUsers.restore");
  open(path);
  await user.click(await screen.findByRole("checkbox", { name: "Select all rows" }));
  await user.click(screen.getByRole("button", { name: "Delete accounts…" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Delete 2 accounts?" }));
  expect(dialog.getByText("Ada Okoye")).toBeVisible();
  expect(dialog.queryByText("Root")).toBeNull();
  await user.type(dialog.getByLabelText("Reason"), "Spam");
  await user.type(dialog.getByLabelText(/^Type 2 to confirm/), "3");
  await user.click(dialog.getByRole("button", { name: "Delete accounts" }));
  await waitFor(() => expect(dialog.getByLabelText(/^Type 2 to confirm/)).toBeInvalid());
  expect(api.asked("adminUsers.remove")).toEqual([]);
  await user.clear(dialog.getByLabelText(/^Type 2 to confirm/));
  await user.type(dialog.getByLabelText(/^Type 2 to confirm/), "2");
  await user.click(dialog.getByRole("button", { name: "Delete accounts" }));
  await screen.findByText(/Couldn't delete the account of Ada Okoye\. Not this one\./);
  await screen.findByText(/^1 account scheduled for deletion/);
  expect(api.asked("adminUsers.remove").map(({ body }) => (body as { reason: string }).reason)).toEqual(["Spam", "Spam"]);
  await user.click(screen.getByRole("button", { name: "Undo" }));
  await waitFor(() => expect(api.asked("adminUsers.restore").map(({ params }) => params["id"])).toEqual([people[0]?.id]));
});
