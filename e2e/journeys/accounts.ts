/** Getting in and getting back in, through the mails and the providers that a person would use. */
import { startIdentityProvider, startMailServer } from "@tesslate/testkit";
import { openBrowser, type Watched } from "../browser.ts";
import { expect, runJourneys } from "../journey.ts";
import { accessible, noOffences, shot } from "../looks.ts";
import { traceOf } from "../scene.ts";
import { startStudio } from "../studio.ts";

const mails = await startMailServer();
const provider = await startIdentityProvider();
const studio = await startStudio({
  RUNTIME_DRIVER: "memory",
  SMTP_HOST: mails.host,
  SMTP_PORT: String(mails.port),
  SMTP_USE_TLS: "false",
  SMTP_SENDER_EMAIL: "studio@example.com",
  GOOGLE_CLIENT_ID: provider.clientId,
  GOOGLE_CLIENT_SECRET: provider.clientSecret,
  GOOGLE_ISSUER: provider.url,
});
process.on("exit", () => studio.process.kill("SIGTERM"));
let browser: Watched | undefined;
const email = "nadia@example.org";
const password = "correct horse battery";

const mailed = async (subject: RegExp) => {
  const mail = await mails.waitFor((m) => m.to.includes(email) && subject.test(m.subject), 15_000);
  mails.mails.splice(mails.mails.indexOf(mail), 1);
  return mail.text;
};
const linkIn = (text: string) => /https?:\/\/\S+/.exec(text)?.[0] ?? "";
const home = () => (browser as Watched).page.getByRole("textbox", { name: "What should it do?" }).waitFor();
const signOut = async () => {
  const { page } = browser as Watched;
  await page.context().clearCookies();
  await page.goto(`${studio.url}/login`);
};
const signIn = async (word: string) => {
  const { page } = browser as Watched;
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(word);
  await page.keyboard.press("Enter");
};

await runJourneys(
  [
    {
      name: "a new account confirms its address by the mailed link",
      run: async () => {
        browser = await openBrowser(studio.url);
        const { page } = browser;
        await page.goto(`${studio.url}/register`);
        await page.getByLabel("Name").fill("Nadia");
        await page.getByLabel("E-mail").fill(email);
        await page.getByLabel("Password", { exact: true }).fill(password);
        await page.keyboard.press("Enter");
        await home();
        await page.goto(`${studio.url}/settings/security`);
        await page.getByText("Not confirmed").waitFor();
        await page.goto(linkIn(await mailed(/Confirm/)));
        await page.getByText("Thank you. You can go on.").waitFor();
        await accessible(page, "verify");
        await page.goto(`${studio.url}/settings/security`);
        await page.getByText("Confirmed", { exact: true }).waitFor();
      },
    },
    {
      name: "a forgotten password is set anew, and the link works once",
      run: async () => {
        const { page } = browser as Watched;
        await signOut();
        await page.getByRole("link", { name: "Forgot it?" }).click();
        await page.getByLabel("E-mail").fill(email.toUpperCase());
        await accessible(page, "forgot password");
        await shot(page, "forgot-password");
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
        const link = linkIn(await mailed(/new password/));
        await page.goto(link);
        await page.getByLabel("New password", { exact: true }).fill("short");
        await page.keyboard.press("Enter");
        await page.getByText("At least 8 characters.").waitFor();
        await page.getByLabel("New password", { exact: true }).fill("an entirely new one");
        await accessible(page, "reset password");
        await shot(page, "reset-password");
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/login/);
        await signIn("an entirely new one");
        await home();
        await page.goto(link);
        await page.getByLabel("New password", { exact: true }).fill("and one more time");
        await page.keyboard.press("Enter");
        await page.getByText("This link is no longer valid").waitFor();
        await shot(page, "reset-over");
      },
    },
    {
      name: "with codes switched on, signing in asks for the mailed one",
      run: async () => {
        const { page } = browser as Watched;
        await page.goto(`${studio.url}/settings/security`);
        const section = page.getByRole("region", { name: "Code by mail" });
        await section.getByLabel("Present password", { exact: true }).fill("an entirely new one");
        await section.getByRole("button", { name: "Switch codes on" }).click();
        await section.getByText("On", { exact: true }).waitFor();
        await accessible(page, "security settings");
        await shot(page, "settings-security");
        await signOut();
        await signIn("an entirely new one");
        await page.getByRole("heading", { name: "Enter the six digits we mailed you" }).waitFor();
        await accessible(page, "code");
        await shot(page, "code");
        const code = /\b\d{6}\b/.exec(await mailed(/sign-in code/))?.[0] ?? "";
        await page.getByLabel("Code", { exact: true }).first().click();
        await page.keyboard.type(code === "000000" ? "111111" : "000000");
        await page.getByText("That code is wrong or no longer valid.").waitFor();
        await page.keyboard.type(code);
        await home();
      },
    },
    {
      name: "sessions are listed and ended; a key is made, shown once, used and deleted",
      run: async () => {
        const { page } = browser as Watched;
        await page.goto(`${studio.url}/settings/security`);
        const sessions = page.getByRole("region", { name: "Sessions" });
        await sessions.getByText("This one").waitFor();
        await sessions.getByRole("button", { name: "Sign out everywhere else" }).click();
        await page.getByText("Signed out everywhere else.").waitFor();
        expect((await sessions.getByRole("listitem").count()) === 1, "one session is left");
        await page.getByRole("link", { name: "API keys" }).click();
        await page.getByText("No keys yet").waitFor();
        await accessible(page, "no API keys");
        await page.getByRole("button", { name: "Make a key" }).click();
        await page.getByLabel("What is it for?").fill("Nightly build");
        await page.getByLabel("It may run the agent").click();
        await accessible(page, "make an API key");
        await shot(page, "api-key-make");
        await page.getByLabel("What is it for?").press("Enter");
        const key = (await page.getByRole("dialog").getByText(/^tsk_/).textContent()) ?? "";
        await shot(page, "api-key-made");
        const me = await fetch(`${studio.url}/api/users/me`, { headers: { authorization: `Bearer ${key}` } });
        expect(me.status === 200, `the key opens the API (${me.status})`);
        await page.getByRole("button", { name: "I have copied it" }).click();
        await page.getByText("Nightly build").waitFor();
        await page.getByText("Reads and writes, runs the agent in Ask mode").waitFor();
        expect((await page.getByText(key).count()) === 0, "the key is not shown again");
        await shot(page, "api-keys");
        await page.getByRole("button", { name: "Delete Nightly build" }).click();
        await page.getByRole("button", { name: "Delete the key" }).click();
        await page.getByText("No keys yet").waitFor();
        const gone = await fetch(`${studio.url}/api/users/me`, { headers: { authorization: `Bearer ${key}` } });
        expect(gone.status === 401, `the deleted key is refused (${gone.status})`);
      },
    },
    {
      name: "an account elsewhere opens the door and leads back to where one wanted to go",
      run: async () => {
        const { page } = browser as Watched;
        await page.context().clearCookies();
        await page.goto(`${studio.url}/projects`);
        await page.waitForURL(/\/login/);
        await shot(page, "login-providers");
        const leaving = page.waitForURL(/\/projects/);
        await page.getByRole("button", { name: "Go on with Google" }).click();
        await leaving;
        await page.getByRole("heading", { name: "Projects" }).first().waitFor();
        const foreign = (browser as Watched).offences.filter((o) => !o.includes(provider.url));
        expect(foreign.length === 0, foreign.join("\n"));
        (browser as Watched).offences.length = 0;
      },
    },
    {
      name: "nothing was offensive",
      run: async () => {
        noOffences(browser as Watched);
      },
    },
  ],
  traceOf(studio, () => browser),
);
