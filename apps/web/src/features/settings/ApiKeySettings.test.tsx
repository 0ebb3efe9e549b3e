import { ApiKey } from "@tesslate/contract";
import { expect, expectAccessible, refuse, sample, screen, signedIn, test, waitFor, within } from "../../testing/index.ts";

const nightly = sample(ApiKey, { name: "Nightly build", prefix: "tsk_ab12", scopes: ["read", "run"], edit_mode: "plan" });
const path = "/settings/api-keys";

test("without keys it explains what a key is for and creates one", async ({ api, open, user }) => {
  signedIn(api);
  api.blank("auth.apiKeys");
  open(path);
  await screen.findByRole("heading", { name: "No API keys yet" });
  await user.click(screen.getByRole("button", { name: "Create key" }));
  const dialog = await screen.findByRole("dialog", { name: "New API key" });
  await waitFor(() => expect(within(dialog).getByLabelText("Name")).toHaveFocus());
  await expectAccessible();
});

test("a failure can be tried again", async ({ api, open, user }) => {
  signedIn(api);
  api.answer("auth.apiKeys", refuse("internal_error"));
  open(path);
  expect(await screen.findByRole("alert")).toHaveTextContent("Couldn't load API keys");
  api.answer("auth.apiKeys", { items: [nightly] });
  await user.click(screen.getByRole("button", { name: "Retry" }));
  expect(await screen.findByText("Nightly build")).toBeVisible();
});

test("a row shows the permissions of a key, not the key", async ({ api, open }) => {
  signedIn(api);
  api.answer("auth.apiKeys", { items: [nightly] });
  open(path);
  const row = (await screen.findByText("Nightly build")).closest("li");
  expect(row).toHaveTextContent("tsk_ab12…");
  expect(row).toHaveTextContent(/Read · Run agent in Plan mode · Never used/);
});

test("a key needs a name and a permission", async ({ api, open, user }) => {
  signedIn(api);
  api.blank("auth.apiKeys");
  open(path);
  await user.click(await screen.findByRole("button", { name: "Create key" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("button", { name: "Create key" }));
  expect(within(dialog).getByLabelText("Name")).toHaveAccessibleDescription("Enter a name.");
  await user.type(within(dialog).getByLabelText("Name"), "Bot");
  await user.click(within(dialog).getByRole("radio", { name: "No access" }));
  await user.click(within(dialog).getByRole("button", { name: "Create key" }));
  expect(within(dialog).getByLabelText("Name")).toBeInvalid();
  expect(api.asked("auth.createApiKey")).toEqual([]);
});

test("the new key is shown once, in a dialog that only its button closes", async ({ api, open, user }) => {
  signedIn(api);
  api.blank("auth.apiKeys");
  api.answer("auth.createApiKey", { ...nightly, name: "Bot", key: "tsk_secret" });
  open(path);
  await user.click(await screen.findByRole("button", { name: "Create key" }));
  await user.type(await screen.findByLabelText("Name"), "Bot");
  await user.click(screen.getByRole("switch", { name: /Run the agent/ }));
  await user.click(screen.getByRole("radio", { name: "No expiration" }));
  api.answer("auth.apiKeys", { items: [nightly] });
  await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Create key" }));
  await screen.findByRole("dialog", { name: "API key created" });
  expect(screen.getByText("tsk_secret")).toBeVisible();
  expect(api.asked("auth.createApiKey")[0]?.body).toEqual({
    name: "Bot",
    scopes: ["write", "run"],
    edit_mode: "ask",
    expires_in_days: null,
  });
  await user.keyboard("{Escape}");
  expect(screen.getByText("tsk_secret")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Done" }));
  await waitFor(() => expect(screen.queryByText("tsk_secret")).not.toBeInTheDocument());
});

test("the server's limit is shown in the dialog, which keeps what was typed", async ({ api, open, user }) => {
  signedIn(api);
  api.blank("auth.apiKeys");
  api.answer("auth.createApiKey", refuse("key_limit_reached", { detail: "You have 20 keys; delete one first." }));
  open(path);
  await user.click(await screen.findByRole("button", { name: "Create key" }));
  await user.type(await screen.findByLabelText("Name"), "Bot{Enter}");
  expect(await screen.findByText("You have 20 keys; delete one first.")).toBeVisible();
  expect(screen.getByLabelText("Name")).toHaveValue("Bot");
});

test("deleting asks first; the keyboard stays in the list", async ({ api, open, user }) => {
  signedIn(api);
  const other = sample(ApiKey, { id: nightly.id.replace(/1$/, "2"), name: "Bot", scopes: ["read"] });
  api.answer("auth.apiKeys", { items: [nightly, other] });
  open(path);
  await user.click(await screen.findByRole("button", { name: "Delete Nightly build" }));
  const dialog = await screen.findByRole("alertdialog", { name: "Delete API key “Nightly build”?" });
  api.blank("auth.deleteApiKey");
  api.answer("auth.apiKeys", { items: [other] });
  await user.click(within(dialog).getByRole("button", { name: "Delete key" }));
  await waitFor(() => expect(screen.queryByText("Nightly build")).not.toBeInTheDocument());
  expect(api.asked("auth.deleteApiKey")[0]?.params["id"]).toBe(nightly.id);
  await waitFor(() => expect(screen.getByRole("button", { name: "Delete Bot" })).toHaveFocus());
});
