import { expect, refuse, screen, signedIn, test, expectAccessible, waitFor } from "../../testing/index.ts";
const answerOf = (token: string | null) => ({ access_token: token, token_type: "bearer" as const });

test("fields left empty are named, and nothing is sent", async ({ api, open, user }) => {
  api.blank("system.config");
  open("/login");
  await user.click(await screen.findByRole("button", { name: "Sign in" }));
  expect(screen.getByLabelText("Email or username")).toHaveAccessibleDescription("Enter your email or username.");
  expect(screen.getByLabelText("Password")).toBeInvalid();
  expect(api.asked("auth.login")).toEqual([]);
  await expectAccessible();
});

test("Enter signs in, and leads to where the link led", async ({ api, open, user }) => {
  api.blank("system.config");
  signedIn(api);
  const app = open("/login?next=%2Fprojects");
  api.answer("auth.login", answerOf("t"));
  await user.type(await screen.findByLabelText("Email or username"), " nadia@example.com ");
  await user.type(screen.getByLabelText("Password"), "correct horse{Enter}");
  await screen.findByRole("heading", { name: "Projects" });
  expect(app.path()).toBe("/projects");
  expect(api.asked("auth.login")[0]?.body).toEqual({ email: "nadia@example.com", password: "correct horse" });
});

test("a wrong password is shown at its field, which is selected for another try", async ({ api, open, user }) => {
  api.blank("system.config");
  api.answer("auth.login", refuse("login_bad_credentials"));
  open("/login");
  await user.type(await screen.findByLabelText("Email or username"), "nadia@example.com");
  await user.type(screen.getByLabelText("Password"), "wrong{Enter}");
  const password = screen.getByLabelText<HTMLInputElement>("Password");
  await waitFor(() => expect(password).toBeInvalid());
  expect(password).toHaveFocus();
  expect([password.selectionStart, password.selectionEnd]).toEqual([0, "wrong".length]);
});

test("a provider that sent the person back without a session says why", async ({ api, open }) => {
  api.blank("system.config");
  open("/login?error=oauth_denied");
  expect(await screen.findByRole("alert")).toBeVisible();
});

test("with too many tries the wait is shown in seconds", async ({ api, open, user }) => {
  api.blank("system.config");
  api.answer("auth.login", refuse("rate_limited", { retryAfter: 42 }));
  open("/login");
  await user.type(await screen.findByLabelText("Email or username"), "nadia");
  await user.type(screen.getByLabelText("Password"), "wrong{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("42 s");
});

test("without a server the form says so and keeps what was typed", async ({ api, open, user }) => {
  api.blank("system.config", "system.health");
  api.drop("auth.login");
  open("/login");
  await user.type(await screen.findByLabelText("Email or username"), "nadia");
  await user.type(screen.getByLabelText("Password"), "pass word{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("didn't respond");
  expect(screen.getByLabelText("Email or username")).toHaveValue("nadia");
  expect(screen.getByLabelText("Password")).toHaveValue("pass word");
});

test("the button waits while the answer is on its way, and sends once", async ({ api, open, user }) => {
  api.blank("system.config");
  const answer = api.hang("auth.login");
  open("/login");
  await user.type(await screen.findByLabelText("Email or username"), "nadia");
  await user.type(screen.getByLabelText("Password"), "pass word{Enter}");
  const busy = await screen.findByRole("button", { name: /Signing in/ });
  await user.click(busy);
  expect(api.asked("auth.login")).toHaveLength(1);
  answer(refuse("login_bad_credentials"));
  await screen.findByRole("button", { name: "Sign in" });
});

test("a referral link that leads here names who invites and what both get", async ({ api, open }) => {
  api.blank("system.config");
  localStorage.setItem("tesslate.referral", JSON.stringify("ABCD2345"));
  api.answer("referrals.invitation", { referrer_name: "Bob", referrer_avatar_url: null, reward_credits: 100 });
  open("/login");
  expect(await screen.findByText(/invited you\./)).toHaveTextContent("Bob invited you. You both get 100 credits when you sign up.");
});

test("the password can be looked at", async ({ api, open, user }) => {
  api.blank("system.config");
  open("/login");
  const password = await screen.findByLabelText("Password");
  await user.type(password, "secret");
  expect(password).toHaveAttribute("type", "password");
  await user.click(screen.getByRole("button", { name: "Show password" }));
  expect(password).toHaveAttribute("type", "text");
});

const secondStep = {
  access_token: null,
  requires_2fa: true,
  temp_token: "tmp",
  method: "totp",
  methods: ["totp", "recovery_code"],
} as const;
test.describe("with a second step", () => {
  test("six digits send themselves; a wrong code empties the field and says so", async ({ api, open, user }) => {
    api.blank("system.config");
    api.answer("auth.login", { ...secondStep, methods: [...secondStep.methods] });
    api.answer("auth.twoFactorVerify", refuse("two_fa_code_invalid"));
    open("/login");
    await user.type(await screen.findByLabelText("Email or username"), "nadia");
    await user.type(screen.getByLabelText("Password"), "pass word{Enter}");
    const code = await screen.findByLabelText("Code");
    expect(code).toHaveFocus();
    await user.type(code, "123456");
    expect(await screen.findByText("The code is wrong or has expired.")).toBeVisible();
    expect(screen.getByLabelText("Code")).toHaveValue("");
    expect(api.asked("auth.twoFactorVerify").map(({ body }) => body)).toEqual([{ temp_token: "tmp", code: "123456" }]);
  });

  test("a recovery code takes its place", async ({ api, open, user }) => {
    api.blank("system.config");
    api.answer("auth.login", { ...secondStep, methods: [...secondStep.methods] });
    api.answer("auth.twoFactorVerify", refuse("two_fa_code_invalid"));
    open("/login");
    await user.type(await screen.findByLabelText("Email or username"), "nadia");
    await user.type(screen.getByLabelText("Password"), "pass word{Enter}");
    await user.click(await screen.findByRole("button", { name: "Use recovery code" }));
    await user.type(screen.getByLabelText("Recovery code"), "abcd-efgh{Enter}");
    await screen.findByText("The code is wrong or has expired.");
    expect(api.asked("auth.twoFactorVerify")[0]?.body).toEqual({ temp_token: "tmp", recovery_code: "abcd-efgh" });
  });

  test("a sign-in that took too long begins again with the password", async ({ api, open, user }) => {
    api.blank("system.config");
    api.answer("auth.login", { ...secondStep, methods: [...secondStep.methods] });
    api.answer("auth.twoFactorVerify", refuse("two_fa_session_invalid"));
    open("/login");
    await user.type(await screen.findByLabelText("Email or username"), "nadia");
    await user.type(screen.getByLabelText("Password"), "pass word{Enter}");
    await user.type(await screen.findByLabelText("Code"), "123456");
    expect(await screen.findByRole("alert")).toHaveTextContent("took too long");
    expect(screen.getByLabelText("Password")).toHaveValue("");
    expect(screen.getByLabelText("Email or username")).toHaveValue("nadia");
  });

  test("a mailed code is sent when it is asked for, and not again for a minute", async ({ api, open, user }) => {
    api.blank("system.config", "auth.twoFactorResend");
    api.answer("auth.login", { ...secondStep, methods: ["totp", "email"] });
    open("/login");
    await user.type(await screen.findByLabelText("Email or username"), "nadia");
    await user.type(screen.getByLabelText("Password"), "pass word{Enter}");
    await user.click(await screen.findByRole("button", { name: "Email me a code" }));
    await waitFor(() => expect(api.asked("auth.twoFactorResend")).toHaveLength(1));
    expect(await screen.findByRole("button", { name: /New code in \d+ s/ })).toBeDisabled();
  });
});
