/** Settings of a person: onboarding, profile, synced preferences, notifications, export, account deletion and restore. */
import { png, say, script, startModelServer } from "@tesslate/testkit";
import type { Page } from "playwright-core";
import { type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({ ownServer: "the first steps begin without a model", templates: [] }, async (context) => {
  const key = "sk-the-right-key-4711";
  const model = await startModelServer({ apiKey: key, models: ["team-model"], script: script([say("Hello.")]) });
  const studio = await context.startStudio({ RUNTIME_DRIVER: "memory", OUTBOUND_ALLOW_HOSTS: new URL(model.openai_base_url).host });
  let browser: WatchedWindow | undefined;
  const person = { email: "nadia@example.org", password: "correct horse battery" };
  const at = () => (browser as WatchedWindow).page;
  const open = (section: string) => at().goto(`${studio.url}/settings/${section}`);

  async function signIn(page: Page): Promise<void> {
    await page.goto(`${studio.url}/login`);
    await page.getByLabel("Email").fill(person.email);
    await page.getByLabel("Password", { exact: true }).fill(person.password);
    await page.keyboard.press("Enter");
    await page.getByRole("textbox", { name: "What do you want to build?" }).waitFor();
  }

  return [
    {
      name: "onboarding: a bad API key shows the provider's message, a good one enables the composer; dismissed, it stays dismissed",
      run: async () => {
        browser = await context.openWindow();
        const { page } = browser;
        await page.goto(`${studio.url}/register`);
        await page.getByLabel("Name").fill("Nadia");
        await page.getByLabel("Email").fill(person.email);
        await page.getByLabel("Password", { exact: true }).fill(person.password);
        await page.keyboard.press("Enter");
        // The first account of a server is asked for a model.
        await page.getByRole("link", { name: "Skip for now" }).click();
        const steps = page.getByRole("region", { name: /First steps/ });
        await steps.getByText("0 of 5").waitFor();
        expect((await page.getByText("No model is connected.").count()) === 1, "the composer shows that no model is connected");
        await expectAccessible(page, "first steps");
        await shot(page, "first-steps");
        await steps.getByRole("button", { name: "Connect model" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("Provider").click();
        await page
          .getByRole("option", { name: /^OpenAI/ })
          .first()
          .click();
        await dialog.getByLabel("Base URL").fill(model.openai_base_url);
        await dialog.getByLabel("API key", { exact: true }).fill("sk-a-wrong-key");
        await dialog.getByRole("button", { name: /Test|Try/ }).click();
        await dialog.getByRole("alert").filter({ hasText: /key/i }).waitFor();
        await shot(page, "first-steps-bad-key");
        await dialog.getByLabel("API key", { exact: true }).fill(key);
        await dialog.getByRole("button", { name: /Test|Try/ }).click();
        await dialog
          .getByRole("button", { name: /Save|Use|Connect/ })
          .last()
          .click();
        await page.getByText("No model is connected.").waitFor({ state: "detached" });
        await steps.getByText("1 of 5").waitFor();
        await page.getByRole("textbox", { name: "What do you want to build?" }).fill("A list of plants");
        await until("the composer is enabled", () =>
          page
            .getByRole("button", { name: /^(Send|Start|Build)/ })
            .first()
            .isEnabled(),
        );
        await steps.getByRole("button", { name: "Dismiss checklist" }).click();
        await steps.waitFor({ state: "detached" });
        await page.getByRole("button", { name: "Undo" }).click();
        await steps.getByRole("button", { name: "Dismiss checklist" }).click();
        await steps.waitFor({ state: "detached" });
        await page.reload();
        await page.getByRole("textbox", { name: "What do you want to build?" }).waitFor();
        await page.waitForLoadState("networkidle");
        expect((await steps.count()) === 0, "it stays dismissed after a reload");
      },
    },
    {
      name: "a profile picture is uploaded, shown and removed; a script named as an image is refused; the public page",
      run: async () => {
        const page = at();
        await open("profile");
        const picture = page.getByRole("region", { name: "Picture" });
        await picture.getByRole("button", { name: "Upload picture" }).waitFor();
        await picture
          .getByLabel("Picture", { exact: true })
          .setInputFiles({ name: "me.png", mimeType: "image/png", buffer: Buffer.from('<svg onload="alert(1)"/>') });
        await picture.getByRole("alert").filter({ hasText: "The file must be a PNG" }).waitFor();
        await picture
          .getByLabel("Picture", { exact: true })
          .setInputFiles({ name: "me.png", mimeType: "image/png", buffer: Buffer.from(png(64, 64)) });
        await picture.getByRole("button", { name: "Change picture" }).waitFor();
        const image = page.getByRole("navigation", { name: "Main" }).getByRole("img", { name: "Nadia" });
        await until("the picture is displayed", () => image.evaluate((img) => img instanceof HTMLImageElement && img.naturalWidth === 256));
        await page.getByLabel("Username").fill("admin");
        await page.getByText("This username is not available.").waitFor();
        await page.getByLabel("Username").fill("nadia-brandt");
        await page.getByText("Username is available.").waitFor();
        await page.getByLabel("About you").fill("Makes small things.\nOften.");
        await page.getByLabel("Website").fill("not an address");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByLabel("Website").and(page.locator("[aria-invalid]")).waitFor();
        await page.getByLabel("Website").fill("https://example.org/nadia");
        await page.getByLabel("GitHub").fill("nadia");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByText("Profile saved.").waitFor();
        await expectAccessible(page, "profile settings");
        await shot(page, "settings-profile");
        await page.goto(`${studio.url}/@Nadia-Brandt`);
        await page.getByRole("heading", { name: "Nadia" }).waitFor();
        await page.getByText("Makes small things.").waitFor();
        expect(!(await page.content()).includes(person.email), "no email on the public page");
        await expectAccessible(page, "public profile");
        await shot(page, "public-profile");
        await page.goto(`${studio.url}/@nobody-at-all`);
        await page.getByRole("heading", { name: "User @nobody-at-all not found" }).waitFor();
        await open("profile");
        await picture.getByRole("button", { name: "Remove" }).click();
        await picture.getByRole("button", { name: "Upload picture" }).waitFor();
      },
    },
    {
      name: "preferences are synced: another browser has them before the first paint",
      run: async () => {
        const page = at();
        await open("preferences");
        await page.getByLabel("Wrap long lines").click();
        await page.getByLabel("Font size").click();
        await page.getByRole("option", { name: "16 px" }).click();
        await page.getByLabel("Default model").click();
        await page.getByRole("option", { name: /team-model/ }).click();
        await until(
          "the size is saved",
          async () => (await page.evaluate(() => document.documentElement.style.getPropertyValue("--editor-font-size"))) === "16px",
        );
        await expectAccessible(page, "preferences");
        await shot(page, "settings-preferences");
        await open("look");
        const mode = page.getByRole("radiogroup", { name: "Theme", exact: true });
        const kept = page.waitForResponse((r) => r.url().endsWith("/api/users/me") && r.request().method() === "PATCH");
        await mode.getByRole("radio", { name: "Dark" }).click();
        expect((await kept).status() === 200, "the theme is sent to the server");
        const second = await context.openWindow();
        try {
          await signIn(second.page);
          expect((await second.page.evaluate(() => document.documentElement.dataset["theme"])) === "dark", "the other browser is dark");
          const stored = await second.page.evaluate(() => localStorage.getItem("tesslate.model"));
          expect(stored?.includes("team-model"), `the other browser starts with the model (${stored})`);
          expectNoProblems(second);
        } finally {
          await second.close();
        }
        await mode.getByRole("radio", { name: "System" }).click();
      },
    },
    {
      name: "notifications: settings are saved; a permission denied by the browser is shown",
      run: async () => {
        const page = at();
        await open("notifications");
        await page.getByText("This server doesn't send email.").waitFor();
        await page.getByLabel("When a run needs your input").click();
        await until(
          "it is saved",
          async () => (await page.getByLabel("When a run needs your input").getAttribute("data-state")) === "checked",
        );
        await page.reload();
        await until(
          "it is still on",
          async () => (await page.getByLabel("When a run needs your input").getAttribute("data-state")) === "checked",
        );
        await expectAccessible(page, "notifications");
        await shot(page, "settings-notifications");
      },
    },
    {
      name: "an export is created and downloaded",
      run: async () => {
        const page = at();
        await open("data");
        await page.getByText("No exports in the last 24 hours.").waitFor();
        await page.getByRole("button", { name: "Export data" }).click();
        const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
        expect(download.suggestedFilename() === "tesslate-export.zip", download.suggestedFilename());
        await expectAccessible(page, "your data");
        await shot(page, "settings-data");
      },
    },
    {
      name: "every section in the dark theme and on a phone without horizontal scrolling",
      run: async () => {
        const page = at();
        await page.emulateMedia({ colorScheme: "dark" });
        await page.setViewportSize({ width: 390, height: 844 });
        for (const section of ["profile", "preferences", "notifications", "shortcuts", "data"]) {
          await open(section);
          await page.getByRole("heading", { level: 2 }).first().waitFor();
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          expect(wide <= 0, `${section}: ${wide} px too wide`);
          await shot(page, `settings-${section}-dark-m`);
          await expectAccessible(page, `${section}, dark, on a phone`);
        }
        await page.setViewportSize({ width: 1440, height: 900 });
        await page.emulateMedia({ colorScheme: "light" });
      },
    },
    {
      name: "account deletion needs the typed name and the password, signs out immediately, and is canceled",
      run: async () => {
        const page = at();
        // The server needs another administrator.
        await fetch(`${studio.url}/api/auth/register`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ email: "other@example.org", password: person.password }),
        });
        await open("data");
        await page.getByRole("button", { name: "Delete account…" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByRole("button", { name: "Delete account" }).click();
        await dialog.getByText("The username doesn't match.").waitFor();
        await dialog.getByLabel(/to confirm$/).fill("nadia-brandt");
        await dialog.getByLabel("Password", { exact: true }).fill("wrong");
        await dialog.getByRole("button", { name: "Delete account" }).click();
        await dialog.getByText("Incorrect password.").waitFor();
        await expectAccessible(page, "delete the account");
        await shot(page, "delete-account");
        await dialog.getByLabel("Password", { exact: true }).fill(person.password);
        await dialog.getByRole("button", { name: "Delete account" }).click();
        await dialog.getByText("You are the only administrator.").waitFor();
        await page.keyboard.press("Escape");
      },
    },
    {
      name: "another user deletes their account and restores it",
      run: async () => {
        const page = at();
        await page.context().clearCookies();
        person.email = "other@example.org";
        await signIn(page);
        await open("data");
        await page.getByRole("button", { name: "Delete account…" }).click();
        const dialog = page.getByRole("dialog");
        const name = /Type (\S+) to confirm/.exec(await dialog.innerText())?.[1] ?? "";
        await dialog.getByLabel(/to confirm$/).fill(name);
        await dialog.getByLabel("Password", { exact: true }).fill(person.password);
        await dialog.getByRole("button", { name: "Delete account" }).click();
        await page.getByRole("heading", { name: "Your account will be deleted" }).waitFor();
        await expectAccessible(page, "account closed");
        await shot(page, "account-closed");
        const answer = await page.request.post(`${studio.url}/api/auth/login`, { data: person });
        expect(answer.status() === 401, `signing in to a deleted account is refused (${answer.status()})`);
        await page.getByRole("button", { name: "Restore account" }).click();
        await page.getByRole("heading", { name: "Account restored" }).waitFor();
        await page.getByRole("link", { name: "Sign in" }).click();
        await signIn(page);
      },
    },
    { name: "nothing was offensive", run: async () => expectNoProblems(browser as WatchedWindow) },
  ];
});
