import { expect, screen, signedIn, test, waitFor, within } from "../testing/index.ts";

const more = async () => {
  const bar = (await screen.findAllByRole("navigation", { name: "Main" })).at(-1) as HTMLElement;
  return within(bar).getByRole("button", { name: "More" });
};

test("More reaches the pages that have no place of their own on a phone", async ({ api, open, user }) => {
  signedIn(api, { is_superuser: true });
  api.blankReads();
  const app = open("/projects");
  await user.click(await more());
  for (const name of ["Search", "Library", "Feedback", "Sign out"]) expect(await screen.findByRole("menuitem", { name })).toBeVisible();
  await user.click(screen.getByRole("menuitem", { name: "Administration" }));
  await waitFor(() => expect(app.path()).toBe("/admin/overview"));
});

test("More has no administration for others", async ({ api, open, user }) => {
  signedIn(api);
  api.blankReads();
  open("/projects");
  await user.click(await more());
  expect(await screen.findByRole("menuitem", { name: "Feedback" })).toBeVisible();
  expect(screen.queryByRole("menuitem", { name: "Administration" })).not.toBeInTheDocument();
});
