import { Session } from "@tesslate/contract";
import { expect, person, refuse, sample, sampleId, screen, signedIn, test, waitFor, within, type CannedApi } from "../../testing/index.ts";

const path = "/settings/security";
const here = sample(Session, { current: true, ip: "10.0.0.1", user_agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0" });
const phone = sample(Session, {
  id: sampleId.replace(/1$/, "2"),
  ip: "10.0.0.2",
  user_agent: "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
});
function security(api: CannedApi, has_password = true): void {
  signedIn(api);
  api.answer("secondFactor.security", { has_password });
  api.answer("auth.sessions", { items: [here, phone] });
  api.blank("secondFactor.events", "passkeys.list", "linkedAccounts.list");
}
const section = (name: string) => screen.findByRole("region", { name });

test("a password is changed with the current one; a wrong one is reported at its field", async ({ api, open, user }) => {
  security(api);
  open(path);
  const form = within(await section("Password"));
  await user.type(form.getByLabelText("New password"), "correct horse");
  await user.click(form.getByRole("button", { name: "Change password" }));
  expect(form.getByLabelText("Current password")).toHaveAccessibleDescription("Enter your current password.");
  api.answer("users.updateMe", refuse("current_password_wrong"));
  await user.type(form.getByLabelText("Current password"), "wrong");
  await user.click(form.getByRole("button", { name: "Change password" }));
  await waitFor(() => expect(form.getByLabelText("Current password")).toHaveAccessibleDescription(/^Incorrect password\./));
  api.answer("users.updateMe", person());
  await user.click(form.getByRole("button", { name: "Change password" }));
  await waitFor(() => expect(form.getByLabelText("New password")).toHaveValue(""));
});

test("an account without a password sets one without a current one", async ({ api, open, user }) => {
  security(api, false);
  open(path);
  const form = within(await section("Password"));
  await waitFor(() => expect(form.queryByLabelText("Current password")).not.toBeInTheDocument());
  api.answer("users.updateMe", person());
  await user.type(form.getByLabelText("New password"), "correct horse");
  await user.click(form.getByRole("button", { name: "Set password" }));
  await waitFor(() => expect(api.asked("users.updateMe")[0]?.body).toEqual({ password: "correct horse" }));
});

test("an email that another account uses is reported at the field", async ({ api, open, user }) => {
  security(api);
  api.answer("users.updateMe", refuse("update_user_email_already_exists"));
  open(path);
  const form = within(await section("Email"));
  await user.clear(form.getByLabelText("Email"));
  await user.type(form.getByLabelText("Email"), "lena@example.com");
  await user.type(form.getByLabelText("Current password"), "correct horse{Enter}");
  await waitFor(() => expect(form.getByLabelText("Email")).toHaveAccessibleDescription(/Another account/));
});

test("other sessions are ended one by one; the own one cannot be", async ({ api, open, user }) => {
  security(api);
  api.blank("auth.endSession");
  open(path);
  await screen.findByText("Current session");
  const row = screen.getByText(/10\.0\.0\.2/).closest("li") as HTMLElement;
  api.answer("auth.sessions", { items: [here] });
  await user.click(within(row).getByRole("button", { name: /^Sign out / }));
  await waitFor(() => expect(screen.queryByText(/10\.0\.0\.2/)).not.toBeInTheDocument());
  expect(api.asked("auth.endSession")[0]?.params["id"]).toBe(phone.id);
});

test("sessions that cannot be read fail alone", async ({ api, open, user }) => {
  security(api);
  api.answer("auth.sessions", refuse("internal_error"));
  open(path);
  const alert = await screen.findByRole("alert");
  expect(await section("Password")).toBeVisible();
  api.answer("auth.sessions", { items: [here] });
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  await screen.findByText("Current session");
});
