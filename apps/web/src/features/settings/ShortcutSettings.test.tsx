import type { User } from "@tesslate/contract";
import { expect, screen, signedIn, test, waitFor, within, type CannedApi } from "../../testing/index.ts";

const begin = (api: CannedApi, shortcuts: Record<string, string[]> = {}) => {
  const sample = signedIn(api);
  let user: User = { ...sample, preferences: { ...sample.preferences, shortcuts } };
  api.blankReads();
  api.answer("users.me", () => user);
  api.answer(
    "users.updateMe",
    ({ body }) => (user = { ...user, preferences: { ...user.preferences, ...(body as Partial<User>).preferences } } as User),
  );
};
const saved = (api: CannedApi) =>
  (api.asked("users.updateMe").at(-1)?.body as { preferences: { shortcuts: Record<string, string[]> } } | undefined)?.preferences.shortcuts;

test("keys are recorded, a conflict is shown, and the new keys work at once", async ({ api, open, user }) => {
  begin(api);
  const app = open("/settings/shortcuts");
  await user.click(await screen.findByRole("button", { name: /^Change Go to Projects/ }));
  const dialog = await screen.findByRole("dialog", { name: "Go to Projects" });
  expect(within(dialog).getByRole("button", { name: "Save" })).toBeDisabled();
  await user.keyboard("gh");
  expect(dialog).toHaveTextContent("Also used by “Go to Home” (Everywhere).");
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  await waitFor(() => expect(saved(api)).toEqual({ "go.projects": ["g h"], "go.home": [] }));
  expect(await screen.findByRole("button", { name: /^Change Go to Home, ?None$/ })).toBeVisible();
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  await user.keyboard("gh");
  await waitFor(() => expect(app.path()).toBe("/projects"));
});

test("keys of the browser are refused", async ({ api, open, user }) => {
  begin(api);
  open("/settings/shortcuts");
  await user.click(await screen.findByRole("button", { name: /^Change Search, ?/ }));
  const dialog = await screen.findByRole("dialog", { name: "Search" });
  await user.keyboard("{Control>}w{/Control}");
  expect(dialog).toHaveTextContent("Your browser uses these keys. Press others.");
  expect(within(dialog).getByRole("button", { name: "Save" })).toBeDisabled();
});

test("one shortcut or all are reset, which can be undone", async ({ api, open, user }) => {
  begin(api, { "go.home": ["g x"], "chat.fold": [] });
  open("/settings/shortcuts");
  await user.click(await screen.findByRole("button", { name: "Reset Go to Home" }));
  await waitFor(() => expect(saved(api)).toEqual({ "chat.fold": [] }));
  await user.click(screen.getByRole("button", { name: "Reset all" }));
  await waitFor(() => expect(saved(api)).toEqual({}));
  const notice = (await screen.findByText("All shortcuts reset.")).closest("li") as HTMLElement;
  await user.click(within(notice).getByRole("button", { name: "Undo" }));
  await waitFor(() => expect(saved(api)).toEqual({ "chat.fold": [] }));
});

test("the sheet shows the keys as they are set", async ({ api, open, user }) => {
  begin(api, { "go.home": ["g x"] });
  open("/settings/shortcuts");
  await screen.findByRole("button", { name: "Reset Go to Home" });
  await user.keyboard("{Control>}[Slash]{/Control}");
  const sheet = await screen.findByRole("dialog", { name: "Keyboard shortcuts" });
  expect(within(sheet).getByRole("row", { name: /Go to Home/ })).toHaveTextContent("GthenX");
});
