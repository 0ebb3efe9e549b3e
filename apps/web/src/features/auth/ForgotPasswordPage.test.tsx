import { expect, refuse, screen, test, waitFor } from "../../testing/index.ts";

test("an empty email is not sent", async ({ api, open, user }) => {
  api.blank("system.config");
  open("/forgot-password");
  await user.click(await screen.findByRole("button", { name: "Send reset link" }));
  expect(screen.getByLabelText("Email")).toHaveAccessibleDescription("Enter your email.");
  expect(api.asked("auth.forgotPassword")).toEqual([]);
});

test("after sending it says the same for every address, and another can be tried", async ({ api, open, user }) => {
  api.blank("system.config", "auth.forgotPassword");
  open("/forgot-password");
  await user.type(await screen.findByLabelText("Email"), "nadia@example.com{Enter}");
  expect(await screen.findByText(/If an account with this email exists/)).toHaveAttribute("role", "status");
  await user.click(screen.getByRole("button", { name: "Use another email" }));
  expect(screen.getByLabelText("Email")).toHaveFocus();
});

test("a server without email says so", async ({ api, open }) => {
  api.answer("system.config", {
    features: {
      smtp: false,
      billing: false,
      stripe: false,
      google_oauth: false,
      github_oauth: false,
      oidc: false,
      two_fa: false,
      passkeys: false,
    },
  });
  open("/forgot-password");
  expect(await screen.findByText(/This server doesn't send email/)).toBeVisible();
});

test("a text that is no address is shown at the field", async ({ api, open, user }) => {
  api.blank("system.config");
  api.answer("auth.forgotPassword", refuse("rate_limited", { retryAfter: 30 }));
  open("/forgot-password");
  await user.type(await screen.findByLabelText("Email"), "nadia@example.com{Enter}");
  await waitFor(() => expect(screen.getByLabelText("Email")).toHaveAccessibleDescription(/Try again in 30 s/));
});

test.describe("the other end of the link", () => {
  test("without a token, or with one that is used up, a new one can be asked for", async ({ api, open, user }) => {
    api.blank("system.config");
    api.answer("auth.resetPassword", refuse("reset_password_bad_token"));
    const app = open("/reset-password?token=old");
    await user.type(await screen.findByLabelText("New password"), "correct horse{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("Reset links work once");
    await user.click(screen.getByRole("link", { name: "Request a new link" }));
    await waitFor(() => expect(app.path()).toBe("/forgot-password"));
  });

  test("a short password is refused here; a good one leads to signing in", async ({ api, open, user }) => {
    api.blank("system.config", "auth.resetPassword");
    const app = open("/reset-password?token=good");
    const password = await screen.findByLabelText("New password");
    await user.type(password, "short{Enter}");
    expect(password).toHaveAccessibleDescription(/must have at least 8 characters/);
    expect(api.asked("auth.resetPassword")).toEqual([]);
    await user.type(password, " is now long{Enter}");
    await waitFor(() => expect(app.path()).toBe("/login"));
    expect(api.asked("auth.resetPassword")[0]?.body).toEqual({ token: "good", password: "short is now long" });
  });
});
