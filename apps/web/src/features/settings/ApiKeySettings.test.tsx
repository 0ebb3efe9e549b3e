import { ApiKey } from "@tesslate/contract";
import { expect, expectAccessible, refuse, sample, screen, signedIn, test, waitFor, within } from "../../testing/index.ts";

const nightly = sample(ApiKey, { name: "Nightly build", prefix: "tsk_ab12", scopes: ["read", "run"], edit_mode: "plan" });
const path = "/settings/api-keys";

test("without keys it says what one is for, and makes one", async ({ api, open, user }) => {
  signedIn(api);
  api.blank("auth.apiKeys");
  open(path);
  await screen.findByRole("heading", { name: "No keys yet" });
  await user.click(screen.getByRole("button", { name: "Make a key" }));
  const dialog = await screen.findByRole("dialog", { name: "Make an API key" });
  await waitFor(() => expect(within(dialog).getByLabelText("What is it for?")).toHaveFocus());
  await expectAccessible();
});

test("a failure can be tried again", async ({ api, open, user }) => {
  signedIn(api);
  api.answer("auth.apiKeys", refuse("internal_error"));
  open(path);
  expect(await screen.findByRole("alert")).toHaveTextContent("Your keys could not be read");
  api.answer("auth.apiKeys", { items: [nightly] });
  await user.click(screen.getByRole("button", { name: "Retry" }));
  expect(await screen.findByText("Nightly build")).toBeVisible();
});

test("a key says what it may do, and never itself", async ({ api, open }) => {
  signedIn(api);
  api.answer("auth.apiKeys", { items: [nightly] });
  open(path);
  const row = (await screen.findByText("Nightly build")).closest("li");
  expect(row).toHaveTextContent("tsk_ab12…");
  expect(row).toHaveTextContent(/Reads, runs the agent in Plan mode, never used/);
});

test("a key needs a name and something it may do", async ({ api, open, user }) => {
  signedIn(api);
  api.blank("auth.apiKeys");
  open(path);
  await user.click(await screen.findByRole("button", { name: "Make a key" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("button", { name: "Make the key" }));
  expect(within(dialog).getByLabelText("What is it for?")).toHaveAccessibleDescription("Say what the key is for.");
  await user.type(within(dialog).getByLabelText("What is it for?"), "Bot");
  await user.click(within(dialog).getByRole("radio", { name: "Nothing" }));
  await user.click(within(dialog).getByRole("button", { name: "Make the key" }));
  expect(within(dialog).getByLabelText("What is it for?")).toBeInvalid();
  expect(api.asked("auth.createApiKey")).toEqual([]);
});

test("the new key is shown once, in a dialog that only its button closes", async ({ api, open, user }) => {
  signedIn(api);
  api.blank("auth.apiKeys");
  api.answer("auth.createApiKey", { ...nightly, name: "Bot", key: "tsk_secret" });
  open(path);
  await user.click(await screen.findByRole("button", { name: "Make a key" }));
  await user.type(await screen.findByLabelText("What is it for?"), "Bot");
  await user.click(screen.getByRole("switch", { name: /run the agent/ }));
  await user.click(screen.getByRole("radio", { name: "Until deleted" }));
  api.answer("auth.apiKeys", { items: [nightly] });
  await user.click(screen.getByRole("button", { name: "Make the key" }));
  await screen.findByRole("dialog", { name: "The key for Bot" });
  expect(screen.getByText("tsk_secret")).toBeVisible();
  expect(api.asked("auth.createApiKey")[0]?.body).toEqual({
    name: "Bot",
    scopes: ["write", "run"],
    edit_mode: "ask",
    expires_in_days: null,
  });
  await user.keyboard("{Escape}");
  expect(screen.getByText("tsk_secret")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "I have copied it" }));
  await waitFor(() => expect(screen.queryByText("tsk_secret")).not.toBeInTheDocument());
});

test("the server's limit is told in the dialog, which keeps what was typed", async ({ api, open, user }) => {
  signedIn(api);
  api.blank("auth.apiKeys");
  api.answer("auth.createApiKey", refuse("key_limit_reached", { detail: "You have 20 keys; delete one first." }));
  open(path);
  await user.click(await screen.findByRole("button", { name: "Make a key" }));
  await user.type(await screen.findByLabelText("What is it for?"), "Bot{Enter}");
  expect(await screen.findByText("You have 20 keys; delete one first.")).toBeVisible();
  expect(screen.getByLabelText("What is it for?")).toHaveValue("Bot");
});

test("deleting asks first; the keyboard stays in the list", async ({ api, open, user }) => {
  signedIn(api);
  const other = sample(ApiKey, { id: nightly.id.replace(/1$/, "2"), name: "Bot", scopes: ["read"] });
  api.answer("auth.apiKeys", { items: [nightly, other] });
  open(path);
  await user.click(await screen.findByRole("button", { name: "Delete Nightly build" }));
  const dialog = await screen.findByRole("alertdialog", { name: "Delete the key Nightly build?" });
  api.blank("auth.deleteApiKey");
  api.answer("auth.apiKeys", { items: [other] });
  await user.click(within(dialog).getByRole("button", { name: "Delete the key" }));
  await waitFor(() => expect(screen.queryByText("Nightly build")).not.toBeInTheDocument());
  expect(api.asked("auth.deleteApiKey")[0]?.params["id"]).toBe(nightly.id);
  await waitFor(() => expect(screen.getByRole("button", { name: "Delete Bot" })).toHaveFocus());
});
