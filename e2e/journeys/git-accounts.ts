/// <reference lib="dom" />
/** Accounts at git hosts: connect, import, open pull requests. Against four providers on loopback. */
import { say, script, turn } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const { gitProviders: providers } = context.services;
  const { github, gitlab, gitea } = providers;
  const { model } = context;
  model.setScript(script([turn(say("No answer is needed."))]));
  const { studio, account, watched, page } = await context.openProject();
  const files = { "index.html": "<h1>Alder Street</h1>\n", "README.md": "# Shop\n" };
  github.addListed(60);
  github.add("ada/shop", { files, description: "Orders for pick-up", updatedAt: "2026-06-01T10:00:00Z" });
  github.git("ada/shop", "branch", "opening-hours", "main");
  gitea.add("ada-tea/secret-garden", { files });

  // Replaces the provider's consent page, because the browser does not trust our certificate.
  await watched.context.route(`${github.url}/**`, async (route) => {
    const back = await github.consent(route.request().url());
    await route.fulfill({ status: 302, headers: { location: back.href } });
  });
  const visits = () => watched.problems.filter((problem) => problem.startsWith(`foreign host: ${github.url}`));
  const forgetVisits = () => {
    for (const visit of visits()) watched.problems.splice(watched.problems.indexOf(visit), 1);
  };

  const dialog = page.getByRole("dialog").or(page.getByRole("alertdialog"));
  const row = (name: string) => page.locator(`[data-testid=git-provider][data-provider=${name}]`);

  return [
    {
      name: "accounts are connected in the browser and by token, rejected with the reason, and disconnected",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/settings/git`);
        await row("github").getByRole("button", { name: "Connect GitHub" }).click();
        await shot(page, "git-accounts-connect");
        await dialog.getByRole("button", { name: "Connect GitHub" }).click();
        await row("github").getByText("ada", { exact: true }).waitFor();
        expect(visits().length === 1, `one visit: ${visits().join(" ")}`);
        forgetVisits();
        // A refusal at the provider returns too, and the input is kept.
        github.denyNext();
        await row("github").getByRole("button", { name: "Connect another GitHub account" }).click();
        await dialog.getByLabel("Token", { exact: true }).fill("half-typed");
        await dialog.getByRole("button", { name: "Connect GitHub" }).click();
        await dialog.getByText("You denied access").waitFor();
        expect((await dialog.getByLabel("Token", { exact: true }).inputValue()) === "half-typed", "the form keeps its input");
        forgetVisits();
        await page.keyboard.press("Escape");

        await row("gitlab").getByRole("button", { name: "Connect GitLab" }).click();
        await dialog.getByLabel("Token", { exact: true }).fill("glpat-wrong");
        await page.keyboard.press("Enter");
        await dialog.getByText("GitLab rejected this token.").waitFor();
        await dialog.getByLabel("Token", { exact: true }).fill(gitlab.personalToken());
        await page.keyboard.press("Enter");
        await row("gitlab").getByText("ada.l", { exact: true }).waitFor();
        await checkScreens(page, "git-accounts");
        await row("gitlab").getByRole("button", { name: "Disconnect GitLab account ada.l" }).click();
        await dialog.getByRole("button", { name: "Disconnect" }).click();
        await row("gitlab").getByText("ada.l", { exact: true }).waitFor({ state: "detached" });
      },
    },
    {
      name: "a private repository is found, and imported from a branch",
      run: async () => {
        await page.goto(studio.url);
        await page.getByRole("button", { name: "Import", exact: true }).click();
        await dialog.getByRole("radio", { name: "Your repositories" }).click();
        const repos = dialog.getByRole("radiogroup", { name: "Repository" });
        await repos.getByRole("radio").first().waitFor();
        const first = await repos.getByRole("radio").count();
        await repos.getByRole("button", { name: "Show more" }).click();
        await until("all repositories", async () => (await repos.getByRole("radio").count()) === 61);
        expect(first === 50, `${first} at first`);
        await dialog.getByLabel("Find a repository").fill("shop");
        await repos.getByRole("radio", { name: /ada\/shop/ }).click();
        await dialog.getByLabel("Branch").click();
        await page.getByRole("option", { name: "opening-hours" }).click();
        await checkScreens(page, "git-import");
        await dialog.getByRole("button", { name: "Import", exact: true }).click();
        await page.waitForURL(/\/p\//, { timeout: 60_000 });
        await page
          .getByLabel("Status", { exact: true })
          .getByRole("button", { name: /Branch opening-hours/ })
          .waitFor({ timeout: 30_000 });
      },
    },
    {
      name: "a branch is pushed with the account, and a pull request is opened",
      run: async () => {
        await page.getByRole("link", { name: /^Git/ }).click();
        const slug = /\/p\/([^/]+)/.exec(page.url())?.[1] ?? "";
        await account.api.files.put({ params: { id: slug, path: "hours.txt" }, body: { content: "9 to 5\n" } });
        await page.getByTestId("change-row").filter({ hasText: "hours.txt" }).waitFor();
        await page.getByRole("textbox", { name: "Commit message" }).fill("feat: opening hours");
        await page.keyboard.press("Control+Enter");
        await page.getByRole("heading", { name: "Nothing to commit" }).waitFor();
        await page.getByRole("button", { name: "More Git actions" }).click();
        await page.getByRole("menuitem", { name: "Create pull request…" }).click();
        await dialog.getByText("1 commit will be pushed first.").waitFor();
        await dialog.getByLabel("Base branch").click();
        await page.getByRole("option", { name: "main" }).click();
        await shot(page, "git-pull-request");
        await dialog.getByRole("button", { name: "Create pull request" }).click();
        await dialog.getByText("Pull request #1 created: feat: opening hours").waitFor();
        expect(
          JSON.stringify(github.pulls.map(({ repo, head, base }) => [repo, head, base])) ===
            JSON.stringify([["ada/shop", "opening-hours", "main"]]),
          `pulls: ${JSON.stringify(github.pulls)}`,
        );
        expect(github.git("ada/shop", "log", "-1", "--format=%s", "opening-hours") === "feat: opening hours\n", "it was pushed first");
        await dialog.getByRole("button", { name: "Close" }).first().click();
      },
    },
    {
      name: "URLs that cannot be imported give the reason; for a private one the host is connected, and the import continues",
      run: async () => {
        await page.goto(studio.url);
        await page.getByRole("button", { name: "Import", exact: true }).click();
        await dialog.getByRole("radio", { name: "Git URL" }).click();
        const address = dialog.getByLabel("Repository URL");
        const button = dialog.getByRole("button", { name: /^(Import|Retry import)$/ });
        await address.fill("git@github.com:ada/shop.git");
        await button.click();
        await dialog.getByText("SSH isn't supported").waitFor();
        await address.fill(`${gitea.url}/ada-tea/secret-garden.git`);
        await button.click();
        await dialog.getByText("This repository is private or does not exist.").waitFor({ timeout: 30_000 });
        const connect = dialog.getByRole("region", { name: "Connect an account" });
        await connect.getByLabel("Token", { exact: true }).fill(gitea.personalToken());
        await shot(page, "git-import-private");
        await connect.getByRole("button", { name: "Connect with token" }).click();
        await page.waitForURL(/\/p\/secret-garden/, { timeout: 60_000 });
        expectNoProblems(watched);
      },
    },
  ];
});
