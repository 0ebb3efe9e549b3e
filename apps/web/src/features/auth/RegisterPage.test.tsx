import { PublicConfig } from "@tesslate/contract";
import type { CannedApi } from "../../testing/index.ts";
import { expect, expectAccessible, refuse, sample, screen, signedIn, test, waitFor } from "../../testing/index.ts";

const begin = (api: CannedApi, config: Partial<PublicConfig> = {}) => api.answer("system.config", { isolation: "full", ...config });

test("each field says what it lacks, and the first of them is gone to", async ({ api, open, user }) => {
  begin(api);
  open("/register");
  await user.type(await screen.findByLabelText("Email"), "nadia");
  await user.type(screen.getByLabelText("Password"), "short");
  await user.click(screen.getByRole("button", { name: "Create account" }));
  expect(screen.getByLabelText("Email")).toHaveAccessibleDescription("Enter a valid email.");
  expect(screen.getByLabelText("Password")).toHaveAccessibleDescription(/must have at least 8 characters\. This one has 5\./);
  await waitFor(() => expect(screen.getByLabelText("Email")).toHaveFocus());
  expect(api.asked("auth.register")).toEqual([]);
  await expectAccessible();
});

test("an address that is taken is shown at its field", async ({ api, open, user }) => {
  begin(api);
  api.answer("auth.register", refuse("register_user_already_exists"));
  open("/register");
  await user.type(await screen.findByLabelText("Email"), "nadia@example.com");
  await user.type(screen.getByLabelText("Password"), "correct horse{Enter}");
  await waitFor(() => expect(screen.getByLabelText("Email")).toHaveAccessibleDescription(/An account with this email already exists/));
});

test("what the server says of a field stands at that field", async ({ api, open, user }) => {
  begin(api);
  api.answer("auth.register", refuse("validation_error", { issues: { name: "Names have at most 100 characters" } }));
  open("/register");
  await user.type(await screen.findByLabelText("Name"), "Nadia");
  await user.type(screen.getByLabelText("Email"), "nadia@example.com");
  await user.type(screen.getByLabelText("Password"), "correct horse{Enter}");
  await waitFor(() => expect(screen.getByLabelText("Name")).toHaveAccessibleDescription("Names have at most 100 characters"));
});

test("where registration is closed, the page says how to get an account", async ({ api, open }) => {
  begin(api, { sign_up: "closed" });
  open("/register");
  expect(await screen.findByText(/administrators of this server create the accounts/)).toBeVisible();
  expect(screen.queryByLabelText("Email")).toBeNull();
  expect(screen.getByRole("link", { name: "Sign in" })).toBeVisible();
  await expectAccessible();
});

test("where providers create the accounts, only their buttons are shown", async ({ api, open }) => {
  const { features } = sample(PublicConfig, {});
  begin(api, { sign_up: "providers", oidc_name: "Example Corp", features: { ...features, oidc: true } });
  open("/register");
  expect(await screen.findByRole("button", { name: /Example Corp/ })).toBeVisible();
  expect(screen.queryByLabelText("Email")).toBeNull();
});

test("the first administrator can register where registration is closed", async ({ api, open }) => {
  begin(api, { sign_up: "closed", setup_required: true, no_accounts: true });
  open("/register");
  expect(await screen.findByLabelText("Email")).toBeVisible();
});

test("the new account is signed in and comes home", async ({ api, open, user }) => {
  signedIn(api);
  begin(api);
  api.blank("models.list", "models.setup", "projects.templates");
  api.answer("auth.register", {});
  api.answer("auth.login", { access_token: "t", token_type: "bearer" });
  const app = open("/register?next=%2Fprojects");
  await user.type(await screen.findByLabelText("Name"), "Nadia");
  await user.type(screen.getByLabelText("Email"), "nadia@example.com");
  await user.type(screen.getByLabelText("Password"), "correct horse{Enter}");
  await screen.findByRole("heading", { name: "Projects" });
  expect(app.path()).toBe("/projects");
  expect(api.asked("auth.register")[0]?.body).toEqual({ email: "nadia@example.com", password: "correct horse", name: "Nadia" });
});

test("on a server without accounts, every page leads to registration and from there to connecting a model", async ({ api, open, user }) => {
  begin(api, { setup_required: true, no_accounts: true });
  api.answer("users.me", refuse("unauthorized"));
  api.answer("auth.refresh", refuse("unauthorized"));
  const app = open("/p/shop/files");
  expect(await screen.findByRole("heading", { name: "Create your account" })).toBeVisible();
  expect(app.path()).toBe("/register?next=%2Fp%2Fshop%2Ffiles");
  expect(screen.queryByRole("link", { name: "Sign in" })).not.toBeInTheDocument();
  signedIn(api, { is_superuser: true });
  api.answer("auth.register", {});
  api.answer("auth.login", { access_token: "t", token_type: "bearer" });
  api.answer("models.setup", { configured: false, can_configure: true });
  api.answer("projectDrafts.get", { draft: null });
  await user.type(screen.getByLabelText("Email"), "nadia@example.com");
  await user.type(screen.getByLabelText("Password"), "correct horse{Enter}");
  expect(await screen.findByRole("heading", { name: "Connect a model" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Skip for now" })).toHaveAttribute("href", "/p/shop/files");
  await expectAccessible();
});

test("a referral link names who invites and what both get; the code goes along", async ({ api, open, user }) => {
  begin(api);
  localStorage.setItem("tesslate.referral", JSON.stringify("ABCD2345"));
  api.answer("users.me", refuse("unauthorized"));
  api.answer("auth.refresh", refuse("unauthorized"));
  api.answer("referrals.invitation", { referrer_name: "Bob", referrer_avatar_url: null, reward_credits: 100 });
  open("/register");
  expect(await screen.findByText(/invited you\./)).toHaveTextContent("Bob invited you. You both get 100 credits when you sign up.");
  api.answer("auth.register", refuse("register_user_already_exists"));
  await user.type(screen.getByLabelText("Email"), "nadia@example.com");
  await user.type(screen.getByLabelText("Password"), "correct horse{Enter}");
  await waitFor(() => expect(api.asked("auth.register")[0]?.body).toMatchObject({ referral_code: "ABCD2345" }));
});

test("a referral link leads people who are signed in to Home", async ({ api, open }) => {
  signedIn(api);
  api.blankReads();
  localStorage.setItem("tesslate.referral", JSON.stringify("ABCD2345"));
  const app = open("/register");
  await screen.findByRole("heading", { name: /What do you want to build, Nadia/ });
  expect(app.path()).toBe("/");
});

test("how strong a password is stands below it, and a common one is not sent", async ({ api, open, user }) => {
  begin(api);
  open("/register");
  const password = await screen.findByLabelText("Password");
  await user.type(screen.getByLabelText("Email"), "nadia@example.com");
  await user.type(password, "12345678{Enter}");
  expect(password).toHaveAccessibleDescription(/too easy to guess.* Weak\./);
  await user.clear(password);
  await user.type(password, "correct horse battery staple");
  expect(password).toHaveAccessibleDescription(/Strong\./);
  expect(api.asked("auth.register")).toEqual([]);
});

test("sign-in leads to registration while a server has no accounts", async ({ api, open }) => {
  begin(api, { no_accounts: true });
  const app = open("/login");
  await screen.findByRole("heading", { name: "Create your account" });
  expect(app.path()).toBe("/register");
});

test("the first account sees that it becomes administrator", async ({ api, open }) => {
  begin(api, { setup_required: true });
  open("/register");
  expect(await screen.findByText(/administrator of this server/)).toBeVisible();
  expect(screen.queryByRole("button", { name: "Enter the setup token" })).not.toBeInTheDocument();
});

test("a wrong setup token is shown, and its field is visible", async ({ api, open, user }) => {
  begin(api, { setup_required: true, setup_token_required: true });
  api.answer("auth.register", refuse("setup_token_invalid"));
  open("/register");
  await user.click(await screen.findByRole("button", { name: "Enter the setup token" }));
  await user.type(screen.getByLabelText("Setup token"), "guess");
  await user.type(screen.getByLabelText("Email"), "nadia@example.com");
  await user.type(screen.getByLabelText("Password"), "correct horse{Enter}");
  await waitFor(() => expect(screen.getByLabelText("Setup token")).toHaveAccessibleDescription(/Incorrect setup token/));
  expect(api.asked("auth.register")[0]?.body).toMatchObject({ setup_token: "guess" });
});
