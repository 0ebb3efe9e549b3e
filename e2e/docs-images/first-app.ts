/** From a prompt to a running app; its files, a terminal and its secrets. */
import { demoScript } from "@tesslate/testkit/demo";
import { signIn } from "../browser.ts";
import { journey, until } from "../journey.ts";
import { picture } from "../picture.ts";

export default journey({ templates: ["react-vite"] }, async ({ model, studio, signUp, openWindow }) => {
  model.setScript(demoScript());
  model.setTokenDelay(6);
  const account = await signUp();
  const { page } = await openWindow();
  const app = page.frameLocator("[data-testid=preview-frame]");
  const log = page.getByRole("log");
  const open = (view: string) => page.goto(`${/^.*\/p\/[^/]+/.exec(page.url())?.[0]}/${view}`);

  return [
    {
      name: "the first app",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.getByRole("textbox", { name: "What do you want to build?" }).fill("a counter app");
        await picture(page, "first-app-prompt");
        await page.keyboard.press("Enter");
        await app.getByRole("button", { name: "Increase" }).waitFor({ timeout: 90_000 });
        await app.getByRole("button", { name: "Increase" }).click();
        await log.getByText("Your counter is in the preview.", { exact: true }).waitFor({ timeout: 60_000 });
        await picture(page, "first-app-running");
      },
    },
    {
      name: "the workbench",
      run: async () => {
        await page.getByRole("button", { name: "Send", exact: true }).waitFor({ timeout: 60_000 });
        await page.getByRole("textbox", { name: "Message to the agent" }).fill("add a reset button and a step");
        await page.keyboard.press("Enter");
        await app.getByRole("button", { name: /Reset/ }).waitFor({ timeout: 60_000 });
        await log.getByText("Done. The counter now has", { exact: true }).waitFor({ timeout: 60_000 });
        for (let presses = 0; presses < 3; presses += 1) await app.getByRole("button", { name: "Increase" }).click();
        await picture(page, "workbench");
      },
    },
    {
      name: "files and a terminal",
      run: async () => {
        await page.getByRole("button", { name: "Send", exact: true }).waitFor({ timeout: 60_000 });
        await open("code");
        await page.getByTestId("file-row").first().waitFor();
        await page.keyboard.press("Control+p");
        await page.getByRole("dialog", { name: "Open file" }).getByRole("combobox").fill("Counter.tsx");
        await page.getByRole("option", { name: /Counter\.tsx/ }).waitFor();
        await page.keyboard.press("Enter");
        await page.locator(".cm-content").getByText("useState").first().waitFor();
        await page.keyboard.press("Control+`");
        const terminal = page.locator(".xterm");
        await terminal.waitFor();
        await terminal.click();
        await page.keyboard.type("npx tsc --noEmit && echo no errors\n");
        await until("the command ends", async () => /^no errors/m.test(await page.locator(".xterm-rows").innerText()), 60_000);
        await picture(page, "files-and-terminal");
      },
    },
    {
      name: "secrets",
      run: async () => {
        await open("settings");
        await page.getByRole("button", { name: "Paste .env" }).click();
        const dialog = page.getByRole("dialog");
        await dialog
          .getByLabel(".env text")
          .fill('# payments\nSTRIPE_KEY=sk_test_4f2c9a7710\nMAIL_FROM="hello@example.org"\nPATH=/usr/bin\n');
        await dialog.getByText("2 new, 0 replaced, 1 skipped").waitFor();
        await picture(page, "paste-env");
      },
    },
  ];
});
