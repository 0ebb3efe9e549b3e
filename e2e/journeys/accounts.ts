/** Sign-up, sign-in, password reset, second factors, passkeys, linked accounts, sessions and API keys, with real emails and providers. */
import { appCode } from "@tesslate/testkit";
import { signIn as signInAs, type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({ hasMain: true, templates: [] }, async (context) => {
  const { studio } = context;
  const { mails, identity: provider } = context.services;
  let browser: WatchedWindow | undefined;
  const email = "nadia.accounts@example.org";
  const password = "correct horse battery";

  const mailed = async (subject: RegExp) => {
    const mail = await mails.waitFor((m) => m.to.includes(email) && subject.test(m.subject), 15_000);
    mails.mails.splice(mails.mails.indexOf(mail), 1);
    return mail.text;
  };
  const linkIn = (text: string) => /https?:\/\/\S+/.exec(text)?.[0] ?? "";
  const home = () => (browser as WatchedWindow).page.getByRole("textbox", { name: "What do you want to build?" }).waitFor();
  const signOut = async () => {
    const { page } = browser as WatchedWindow;
    await page.context().clearCookies();
    await page.goto(`${studio.url}/login`);
  };
  const signIn = async (password: string) => {
    const { page } = browser as WatchedWindow;
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.keyboard.press("Enter");
  };

  return [
    {
      isMain: true,
      name: "a new account confirms its email address with the emailed link",
      run: async () => {
        browser = await context.openWindow();
        const { page } = browser;
        await page.goto(`${studio.url}/register`);
        await page.getByLabel("Name").fill("Nadia");
        await page.getByLabel("Email").fill(email);
        await page.getByLabel("Password", { exact: true }).fill(password);
        await page.keyboard.press("Enter");
        await home();
        await page.goto(`${studio.url}/settings/security`);
        await page.getByText("Not confirmed").waitFor();
        await page.goto(linkIn(await mailed(/Confirm/)));
        await page.getByText("You can continue to your projects.").waitFor();
        await expectAccessible(page, "verify");
        await page.goto(`${studio.url}/settings/security`);
        await page.getByText("Confirmed", { exact: true }).waitFor();
      },
    },
    {
      isMain: true,
      name: "after signing out, the password signs in again",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.goto(studio.url);
        await page.getByRole("button", { name: "Nadia, account" }).click();
        await page.getByRole("menuitem", { name: "Sign out" }).click();
        await page.waitForURL(/\/login/);
        await page.goto(`${studio.url}/projects`);
        await page.waitForURL(/\/login/);
        await signIn(password);
        await page.waitForURL(/\/projects/);
      },
    },
    {
      isMain: true,
      name: "a forgotten password is reset, and the link works once",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await signOut();
        await page.getByRole("link", { name: "Forgot password?" }).click();
        // The previous page has such a field too.
        await page.waitForURL(/\/forgot/);
        await page.getByRole("button", { name: "Sign in", exact: true }).waitFor({ state: "hidden" });
        await page.getByLabel("Email").fill(email.toUpperCase());
        await expectAccessible(page, "forgot password");
        await shot(page, "forgot-password");
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "Check your email" }).waitFor();
        const link = linkIn(await mailed(/new password/));
        await page.goto(link);
        await page.getByLabel("New password", { exact: true }).fill("short");
        await page.keyboard.press("Enter");
        await page.getByText("The password must have at least 8 characters. This one has 5.").waitFor();
        await page.getByLabel("New password", { exact: true }).fill("an entirely new one");
        await expectAccessible(page, "reset password");
        await shot(page, "reset-password");
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/login/);
        await signIn("an entirely new one");
        await home();
        await page.goto(link);
        await page.getByLabel("New password", { exact: true }).fill("and one more time");
        await page.keyboard.press("Enter");
        await page.getByText("This link has expired").waitFor();
        await shot(page, "reset-over");
      },
    },
    {
      isMain: true,
      name: "with email codes enabled, signing in requires the emailed code",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.goto(`${studio.url}/settings/security`);
        const section = page.getByRole("region", { name: "Email codes" });
        await section.getByLabel("Current password", { exact: true }).fill("an entirely new one");
        await section.getByRole("button", { name: "Turn on email codes" }).click();
        await section.getByText("On", { exact: true }).waitFor();
        await expectAccessible(page, "security settings");
        await shot(page, "settings-security");
        await signOut();
        await signIn("an entirely new one");
        await page.getByRole("heading", { name: "Enter the code we emailed you" }).waitFor();
        await expectAccessible(page, "code");
        await shot(page, "code");
        const code = /\b\d{6}\b/.exec(await mailed(/sign-in code/))?.[0] ?? "";
        await page.getByLabel("Code", { exact: true }).first().click();
        await page.keyboard.type(code === "000000" ? "111111" : "000000");
        await page.getByText("The code is wrong or has expired.").waitFor();
        await page.keyboard.type(code);
        await home();
      },
    },
    {
      name: "an authenticator app is set up; its code, an emailed one or a recovery code completes sign-in",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.goto(`${studio.url}/settings/security`);
        const section = page.getByRole("region", { name: "Authenticator app" });
        await section.getByRole("button", { name: "Set up app" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Continue" }).click();
        await page.getByText("Enter your current password.").waitFor();
        await page.getByRole("dialog").getByLabel("Current password", { exact: true }).fill("a wrong guess");
        await page.keyboard.press("Enter");
        await page.getByText("Incorrect password.").waitFor();
        await expectAccessible(page, "proof");
        await shot(page, "security-proof");
        await page.getByRole("dialog").getByLabel("Current password", { exact: true }).fill("an entirely new one");
        await page.keyboard.press("Enter");
        await page.getByRole("img", { name: "QR code for the authenticator app" }).waitFor();
        await expectAccessible(page, "QR code");
        await shot(page, "security-qr");
        const secret = ((await page.getByRole("dialog").locator("code").textContent()) ?? "").replaceAll(" ", "");
        await page.getByLabel("6-digit code").click();
        await page.keyboard.type(appCode(secret, 40));
        await page.getByText("Incorrect code.").waitFor();
        const used = appCode(secret);
        await page.keyboard.type(used);
        const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
        await codes.first().waitFor();
        expect((await codes.count()) === 10, "ten recovery codes");
        const [recovery = ""] = await codes.allTextContents();
        await expectAccessible(page, "recovery codes");
        await shot(page, "security-codes");
        // They are not shown again, so neither Esc nor a click beside them closes the dialog.
        await page.keyboard.press("Escape");
        await page.mouse.click(5, 5);
        await codes.first().click({ trial: true });
        await page.getByRole("button", { name: "I've saved the codes" }).click();
        await section.getByText("10 recovery codes left").waitFor();

        await signOut();
        await signIn("an entirely new one");
        await page.getByRole("heading", { name: "Enter the code from your authenticator app" }).waitFor();
        await expectAccessible(page, "app code");
        await shot(page, "code-app");
        await page.getByLabel("Code", { exact: true }).first().click();
        await page.keyboard.type(used);
        await page.getByText("The code is wrong or has expired.").waitFor();
        await page.getByRole("button", { name: "Use recovery code" }).click();
        await page.getByLabel("Recovery code").fill(recovery.toUpperCase());
        await expectAccessible(page, "recovery code");
        await shot(page, "code-recovery");
        await page.keyboard.press("Enter");
        await home();

        await signOut();
        await signIn("an entirely new one");
        await page.getByRole("button", { name: "Email me a code" }).click();
        const mailedCode = /\b\d{6}\b/.exec(await mailed(/sign-in code/))?.[0] ?? "";
        await page.getByLabel("Code", { exact: true }).first().click();
        await page.keyboard.type(mailedCode);
        await home();

        await page.goto(`${studio.url}/settings/security`);
        await section.getByText("9 recovery codes left").waitFor();
        await section.getByRole("button", { name: "Remove app" }).click();
        await page.getByRole("button", { name: "Use authenticator code" }).click();
        await page.getByLabel("Code from your authenticator app").click();
        await page.keyboard.type(appCode(secret, 1));
        await page.getByRole("dialog").getByRole("button", { name: "Remove app" }).click();
        await section.getByText("Off", { exact: true }).waitFor();
        const codesByMail = page.getByRole("region", { name: "Email codes" });
        await codesByMail.getByLabel("Current password", { exact: true }).fill("an entirely new one");
        await codesByMail.getByRole("button", { name: "Turn off email codes" }).click();
        await codesByMail.getByText("Off", { exact: true }).waitFor();
      },
    },
    {
      name: "a passkey is added, signs in without a password, is renamed and removed",
      run: async () => {
        const { page } = browser as WatchedWindow;
        const device = await page.context().newCDPSession(page);
        await device.send("WebAuthn.enable");
        await device.send("WebAuthn.addVirtualAuthenticator", {
          options: {
            protocol: "ctap2",
            transport: "internal",
            hasResidentKey: true,
            hasUserVerification: true,
            isUserVerified: true,
            automaticPresenceSimulation: true,
          },
        });
        await page.goto(`${studio.url}/settings/security`);
        const section = page.getByRole("region", { name: "Passkeys" });
        await section.getByText("No passkeys yet").waitFor();
        await section.getByRole("button", { name: "Add passkey" }).click();
        await page.getByRole("dialog").getByLabel("Name").fill("Nadia's laptop");
        await page.getByRole("dialog").getByLabel("Current password", { exact: true }).fill("an entirely new one");
        await expectAccessible(page, "add a passkey");
        await shot(page, "passkey-add");
        await page.keyboard.press("Enter");
        await section.getByText("Nadia's laptop").waitFor();
        await shot(page, "passkeys");
        await signOut();
        await expectAccessible(page, "login with passkey");
        await page.getByRole("button", { name: "Sign in with a passkey" }).click();
        await home();
        await page.goto(`${studio.url}/settings/security`);
        await page.getByRole("region", { name: "Recent activity" }).getByText("Signed in · Passkey").first().waitFor();
        await section.getByRole("button", { name: "Edit Nadia's laptop" }).click();
        await page.getByRole("menuitem", { name: "Rename" }).click();
        await page.getByRole("dialog").getByLabel("Name").fill("Desk");
        await page.keyboard.press("Enter");
        await section.getByText("Desk").waitFor();
        for (const [name, width, scheme] of [
          ["settings-security-dark", 1440, "dark"],
          ["settings-security-phone", 390, "light"],
        ] as const) {
          await page.emulateMedia({ colorScheme: scheme });
          await page.setViewportSize({ width, height: 900 });
          await section.scrollIntoViewIfNeeded();
          await expectAccessible(page, name);
          await shot(page, name);
        }
        await page.emulateMedia({ colorScheme: "light" });
        await page.setViewportSize({ width: 1440, height: 900 });
        await section.getByRole("button", { name: "Edit Desk" }).click();
        await page.getByRole("menuitem", { name: "Remove" }).click();
        await page.getByRole("dialog").getByLabel("Current password", { exact: true }).fill("an entirely new one");
        await page.keyboard.press("Enter");
        await section.getByText("No passkeys yet").waitFor();
        await signOut();
        await page.getByRole("button", { name: "Sign in with a passkey" }).click();
        await page.getByText("This passkey is not registered here.").waitFor();
        await shot(page, "passkey-refused");
        await signIn("an entirely new one");
        await home();
        await device.send("WebAuthn.disable");
      },
    },
    {
      name: "an external account is connected, used to sign in, and disconnected",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.goto(`${studio.url}/settings/security`);
        const section = page.getByRole("region", { name: "Connected accounts" });
        await section.getByRole("button", { name: "Connect Google" }).click();
        await page.getByRole("dialog").getByLabel("Current password", { exact: true }).fill("an entirely new one");
        await page.keyboard.press("Enter");
        await section.getByText("Google is connected.").waitFor();
        await section.getByText("ada@example.org").waitFor();
        await section.scrollIntoViewIfNeeded();
        await expectAccessible(page, "connected accounts");
        await shot(page, "connected-accounts");
        await signOut();
        await page.getByRole("button", { name: "Continue with Google" }).click();
        await home();
        await page.goto(`${studio.url}/settings/security`);
        expect((await page.getByRole("textbox", { name: "Email" }).inputValue()) === email, "Nadia is signed in");
        await section.getByRole("button", { name: "Disconnect Google" }).click();
        await page.getByRole("dialog").getByLabel("Current password", { exact: true }).fill("an entirely new one");
        await page.keyboard.press("Enter");
        await page.getByText("Google is disconnected.").waitFor();
        provider.denyNext();
        await signOut();
        await page.getByRole("button", { name: "Continue with Google" }).click();
        await page.getByText("Access was denied at the provider.").waitFor();
        await shot(page, "login-denied");
        await signIn("an entirely new one");
        await home();
        const { problems } = browser as WatchedWindow;
        const expected = problems.filter((o) => !o.includes(provider.url) && !o.includes("status of 4"));
        problems.splice(0, problems.length, ...expected);
      },
    },
    {
      name: "the administrator sees the list of emails without their content",
      run: async () => {
        const { page } = await context.openWindow();
        await signInAs(page, studio.url, context.admin);
        await page.goto(`${studio.url}/admin/outbox`);
        const table = page.getByRole("table", { name: "Emails" });
        await table.getByText("Sent").first().waitFor();
        await expectAccessible(page, "outbox");
        await shot(page, "admin-outbox");
        await table.getByRole("button").first().click();
        await page.getByText("Only the recipient can see the content.").waitFor();
        await expectAccessible(page, "email");
        await shot(page, "admin-email");
        await page.getByRole("dialog").getByRole("button", { name: "Close" }).first().click();
      },
    },
    {
      name: "sessions are listed and ended; an API key is created, shown once, used and deleted",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.goto(`${studio.url}/settings/security`);
        const sessions = page.getByRole("region", { name: "Sessions" });
        await sessions.getByText("Current session").waitFor();
        await sessions.getByRole("button", { name: "Sign out everywhere else" }).click();
        await page.getByText("Signed out everywhere else.").waitFor();
        expect((await sessions.getByRole("listitem").count()) === 1, "one session is left");
        const elsewhere = await fetch(`${studio.url}/api/auth/login`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ email, password: "an entirely new one" }),
        });
        expect(((await elsewhere.json()) as { access_token: string | null }).access_token !== null, "another device signs in");
        await page.reload();
        await sessions.getByRole("listitem").nth(1).waitFor();
        const password = page.getByRole("region", { name: "Password" });
        await password.getByLabel("Current password", { exact: true }).fill("an entirely new one");
        await password.getByLabel("New password", { exact: true }).fill("and yet another one");
        await page.keyboard.press("Enter");
        await page.getByText("Password changed. Other sessions were signed out.").waitFor();
        await until("the list of sessions is updated", async () => (await sessions.getByRole("listitem").count()) === 1);
        await page.getByRole("link", { name: "API keys" }).click();
        await page.getByText("No API keys yet").waitFor();
        await expectAccessible(page, "no API keys");
        await page.getByRole("button", { name: "Create key" }).click();
        await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Nightly build");
        await page.keyboard.press("Escape");
        await page.mouse.click(5, 5);
        await page.getByLabel("Run the agent").click();
        await expectAccessible(page, "new API key");
        await shot(page, "api-key-make");
        await page.getByRole("dialog").getByLabel("Name", { exact: true }).press("Enter");
        const key = (await page.getByRole("dialog").getByText(/^tsk_/).textContent()) ?? "";
        await shot(page, "api-key-made");
        await page.keyboard.press("Escape");
        await page.mouse.click(5, 5);
        await page.getByRole("dialog").getByText(/^tsk_/).click({ trial: true });
        const me = await fetch(`${studio.url}/api/users/me`, { headers: { authorization: `Bearer ${key}` } });
        expect(me.status === 200, `the key opens the API (${me.status})`);
        await page.getByRole("button", { name: "Done" }).click();
        await page.getByText("Nightly build").waitFor();
        await page.getByText("Read and write · Run agent in Ask mode").waitFor();
        expect((await page.getByText(key).count()) === 0, "the key is not shown again");
        await shot(page, "api-keys");
        await page.getByRole("button", { name: "Delete Nightly build" }).click();
        await page.getByRole("button", { name: "Delete key" }).click();
        await page.getByText("No API keys yet").waitFor();
        await until("the focus does not move to the top of the page", () =>
          page.evaluate(() => /^H[123]$/.test(document.activeElement?.tagName ?? "") && document.activeElement?.textContent === "API keys"),
        );
        const refused = await fetch(`${studio.url}/api/users/me`, { headers: { authorization: `Bearer ${key}` } });
        expect(refused.status === 401, `the deleted key is refused (${refused.status})`);
      },
    },
    {
      name: "signing in with an external account returns to the requested page",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.context().clearCookies();
        await page.goto(`${studio.url}/projects`);
        await page.waitForURL(/\/login/);
        await shot(page, "login-providers");
        const leaving = page.waitForURL(/\/projects/);
        await page.getByRole("button", { name: "Continue with Google" }).click();
        await leaving;
        await page.getByRole("heading", { name: "Projects" }).first().waitFor();
        const foreign = (browser as WatchedWindow).problems.filter((o) => !o.includes(provider.url));
        expect(foreign.length === 0, foreign.join("\n"));
        (browser as WatchedWindow).problems.length = 0;
      },
    },
    {
      name: "the page had no problems",
      run: async () => {
        expectNoProblems(browser as WatchedWindow);
      },
    },
  ];
});
