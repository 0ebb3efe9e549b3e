/// <reference lib="dom" />
/** Billing, with its own fake of Stripe: a creator sells an agent, a user subscribes and cancels; credits and a plan are bought. */
import type { Page } from "playwright-core";
import { call, nextMessage, say, script, startStripe, stripeEnv, turn, usage, when } from "@tesslate/testkit";
import { createProject, signUp, type Account } from "../account.ts";
import { signIn, type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens } from "../screens.ts";
import { modelEnv } from "../open-project.ts";

export default journey({ ownServer: "what is paid for is scarce: plans, credits and limits hold" }, async (context) => {
  const secretPrompt = "Always answer as the sealed baker of Alder Street.";
  const { model } = context;
  model.setScript(
    script([
      when(/oven/, [
        turn(say("The first half."), call("todo_read"), usage({ input: 50_000, output: 10_000 })),
        say("The second half, with credits."),
      ]),
      say("Sealed: use less yeast."),
      nextMessage(),
      say("More."),
    ]),
  );
  const stripe = await startStripe();
  const studio = await context.startStudio({
    ...modelEnv(model),
    ...stripeEnv(stripe),
    SIGNUP_BONUS_CREDITS: "0",
  });
  stripe.sendTo(`${studio.url}/api/webhooks/stripe`, "at once");
  let watched: WatchedWindow | undefined;
  let cara: Account;
  let bob: Account;
  const page = (): Page => (watched as WatchedWindow).page;
  const path = () => new URL(page().url()).pathname;
  const open = async (person: Account) => {
    await watched?.close();
    watched = await context.openWindow({ theme: "light" });
    page().setDefaultTimeout(15_000);
    await signIn(page(), studio.url, person);
  };

  return [
    {
      name: "a creator sets up payouts and publishes a closed agent with a monthly price",
      run: async () => {
        cara = await signUp(studio.url, "Cara");
        bob = await signUp(studio.url, "Bob");
        await open(cara);
        await page().goto(`${studio.url}/library/agents/new`);
        await page().getByLabel("Name", { exact: true }).fill("Sealed Baker");
        await page().getByLabel("Description", { exact: true }).fill("Knows what no book says");
        await page().getByRole("textbox", { name: "System prompt" }).fill(secretPrompt);
        await page().getByRole("radio", { name: "Monthly" }).click();
        await page().getByLabel("Price (USD)").fill("5");
        expect(await page().getByRole("switch", { name: "Hide the system prompt" }).isChecked(), "a prompt that is sold is hidden");
        await page().getByText("To sell, you need a payout account first.").waitFor();
        await checkScreens(page(), "sell-conditions", { variants: ["light-d", "dark-m"] });
        await page().getByRole("button", { name: "Set up payouts" }).click();
        await page().getByRole("button", { name: "Done" }).click();
        await until("back in the form", () => path() === "/library/agents/new");
        await page().getByText("Your payout account is ready.").waitFor();
        expect((await page().getByLabel("Name", { exact: true }).inputValue()) === "Sealed Baker", "the form was kept");
        await page().getByRole("button", { name: "Save", exact: true }).click();
        await page().getByText("Agent created.").waitFor();
        await page().getByRole("button", { name: "Publish…" }).click();
        const asked = page().getByRole("dialog", { name: "Publish Sealed Baker?" });
        await asked.getByRole("list", { name: "Before you publish" }).waitFor();
        await checkScreens(page(), "publish-checks", { variants: ["light-d", "dark-m"] });
        await asked.getByRole("button", { name: "Publish agent" }).click();
        await page().getByText("Sealed Baker published.").waitFor();
      },
    },
    {
      name: "a user subscribes: checkout, webhook, library; the agent runs, and its prompt is not shown",
      run: async () => {
        await open(bob);
        await page().goto(`${studio.url}/marketplace/agent/sealed-baker`);
        await page().getByText("$5.00 a month").waitFor();
        await checkScreens(page(), "sold-agent", { variants: ["light-d", "dark-m"] });
        await page().getByRole("button", { name: "Subscribe" }).click();
        await page().getByRole("button", { name: "Cancel" }).click();
        await until("back at its page", () => path() === "/marketplace/agent/sealed-baker");
        await page().getByRole("button", { name: "Subscribe" }).click();
        await page().getByRole("button", { name: "Pay" }).click();
        await page().getByText("Added to your library").waitFor();
        const project = await createProject(bob, "Bakery", "static");
        await page().goto(`${studio.url}/p/${project.slug}`);
        await page().getByRole("button", { name: "Agent: Tesslate Agent" }).click();
        await page()
          .getByRole("menuitemradio", { name: /Sealed Baker/ })
          .click();
        await page()
          .getByRole("textbox", { name: /Message|What should/ })
          .first()
          .fill("How much yeast?");
        await page().keyboard.press("Enter");
        await page().getByText("Sealed: use less yeast.", { exact: true }).waitFor({ timeout: 60_000 });
        expect(
          model.requests.some(({ body }) => String(JSON.stringify(body)).includes(secretPrompt)),
          "the model got the prompt",
        );
        expect(!(await page().content()).includes("sealed baker of Alder"), "the page does not contain it");
        await until("the creator's share", async () => (await cara.api.creatorStudio.dashboard()).earnings.total_revenue_cents === 450);
        await until("it is paid out to the creator's account", async () => {
          const { paid_cents } = (await cara.api.creatorStudio.dashboard()).payouts;
          return paid_cents === 450 && [...stripe.account.transfers.values()].some(({ amount }) => amount === 450);
        });
      },
    },
    {
      name: "the creator sees the first sale and its payout",
      run: async () => {
        await open(cara);
        await page().getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Settings" }).click();
        await page().getByRole("link", { name: "Creator studio" }).click();
        const row = page().getByRole("listitem").filter({ hasText: "Sealed Baker" });
        await row.getByText("1 sale", { exact: true }).waitFor();
        await row.getByText("$4.50").waitFor();
        const payouts = page().getByRole("region", { name: "Payouts" });
        await payouts.getByText("Paid", { exact: true }).first().waitFor();
        await payouts.getByText("$4.50").first().waitFor();
        await checkScreens(page(), "first-sale", { variants: ["light-d", "dark-m"] });
        await open(bob);
      },
    },
    {
      name: "credits are bought, a plan is subscribed, canceled and resumed; usage is shown",
      run: async () => {
        await page().goto(`${studio.url}/settings/billing`);
        const before = (await bob.api.billing.credits()).purchased_credits;
        const pack = page().getByRole("button", { name: "500 credits $5.00" });
        const isFree = async () => (await pack.isVisible()) && (await pack.isEnabled());
        // Back from checkout: the browser restores the page, and the button works again.
        await page().route(`${stripe.url}/pay/**`, (route) => route.fulfill({ status: 204 }), { times: 1 });
        const left = page().waitForResponse((response) => response.status() === 204);
        await pack.click();
        await left;
        expect(!(await isFree()), "busy until the page is left");
        await page().evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
        await until("free again", isFree);
        await pack.click();
        await page().getByRole("button", { name: "Pay" }).click();
        await page().getByText("Payment complete. Your purchase was added.").waitFor();
        expect((await bob.api.billing.credits()).purchased_credits === before + 500, "500 more");
        await page().getByRole("button", { name: "Dismiss" }).click();
        await until("the URL has no query", () => new URL(page().url()).search === "");
        await page().getByRole("button", { name: "Choose plan" }).click();
        await page().getByRole("button", { name: "Choose monthly: Pro" }).click();
        await page().getByRole("button", { name: "Cancel" }).click();
        await page().getByText("Checkout canceled.").waitFor();
        await page().getByRole("button", { name: "Choose plan" }).click();
        await checkScreens(page(), "billing-plans", { variants: ["light-d", "light-m"] });
        await page().getByRole("button", { name: "Choose monthly: Pro" }).click();
        await page().getByRole("button", { name: "Pay" }).click();
        await page().getByText("Payment complete. Your purchase was added.").waitFor();
        await until("it is Pro", async () => (await bob.api.billing.subscription()).tier === "pro");
        await page().getByRole("button", { name: "Cancel plan" }).click();
        await page().getByRole("alertdialog").getByRole("button", { name: "Cancel plan" }).click();
        await page().getByRole("button", { name: "Resume plan" }).click();
        await page().getByRole("button", { name: "Cancel plan" }).waitFor();
        await page().getByRole("button", { name: "Show table" }).click();
        for (const by of ["Project", "Model", "Agent"]) {
          await page().getByRole("radio", { name: by, exact: true }).click();
          await page().getByRole("columnheader", { name: by }).waitFor();
        }
        await page().getByRole("cell", { name: "Sealed Baker" }).waitFor();
        const csv = await page().evaluate(async () => {
          const link = [...document.querySelectorAll("a")].find((a) => a.textContent === "Export CSV");
          return (await fetch(link?.href ?? "")).text();
        });
        expect(csv.trim().split("\n").length >= 2, csv.slice(0, 200));
        await checkScreens(page(), "billing-agents", { variants: ["light-d", "dark-m"] });
        await page().getByRole("radio", { name: "Day", exact: true }).click();
        await page().getByRole("button", { name: "Hide table" }).click();
        await checkScreens(page(), "billing");
        await page().getByRole("link", { name: "Receipt" }).first().click();
        await page().getByRole("heading", { name: "Receipt from Tesslate Studio" }).waitFor();
        await checkScreens(page(), "receipt");
        await page().goBack();
      },
    },
    {
      name: "a canceled agent works until the end of the period, then expires and no longer runs",
      run: async () => {
        const row = page().getByRole("listitem").filter({ hasText: "Sealed Baker" });
        await row.getByRole("button", { name: "Cancel" }).click();
        await row.getByText(/^Ends /).waitFor();
        expect(
          (await bob.api.library.agents({ query: {} })).items.some((one) => one.slug === "sealed-baker" && one.is_enabled),
          "still there",
        );
        stripe.account.advance(32);
        await stripe.settle();
        await until("expired", async () => {
          const mine = (await bob.api.library.agents({ query: {} })).items.find((one) => one.slug === "sealed-baker");
          return !mine?.is_enabled;
        });
        await page().goto(`${studio.url}/library`);
        await page()
          .getByRole("listitem")
          .filter({ hasText: "Sealed Baker" })
          .getByText(/^Expired /)
          .waitFor();
        await page().goto(`${studio.url}/marketplace/agent/sealed-baker`);
        await page().getByRole("button", { name: "Subscribe" }).waitFor();
      },
    },
    {
      name: "a run without credits pauses; topped up from there, one is back in the chat and the run continues",
      run: async () => {
        const dan = await signUp(studio.url, "Dan");
        await open(dan);
        await page().getByRole("link", { name: "Billing: 5 credits left (low)" }).waitFor();
        const project = await createProject(dan, "Oven", "static");
        await page().goto(`${studio.url}/p/${project.slug}`);
        const composer = page().getByRole("textbox", { name: "Message to the agent" });
        await composer.fill("Heat the oven");
        await page().keyboard.press("Enter");
        const card = page().getByRole("region", { name: "Run paused" });
        await card.getByText("You are out of credits.").waitFor({ timeout: 60_000 });
        await page().getByRole("link", { name: "Billing: No credits left" }).waitFor();
        await composer.fill("And the bread?");
        await page().keyboard.press("Enter");
        await page().getByText("Not sent: you are out of credits.").waitFor();
        await card.getByText(/^0 credits left\./).waitFor();
        await checkScreens(page(), "out-of-credits");
        await card.getByRole("button", { name: "Top up" }).click();
        await checkScreens(page(), "top-up", { variants: ["light-d", "dark-m"] });
        await page().getByRole("button", { name: "500 credits $5.00" }).click();
        await page().getByRole("button", { name: "Pay" }).click();
        await until("back in the project", () => path() === `/p/${project.slug}`);
        await page().getByText("Payment complete. Your purchase was added.").waitFor();
        await card.getByText("You have 500 credits again.").waitFor();
        await checkScreens(page(), "topped-up", { variants: ["light-d", "dark-m"] });
        await card.getByRole("button", { name: "Continue" }).click();
        await page().getByRole("log").getByText("The second half, with credits.").first().waitFor({ timeout: 60_000 });
        await card.waitFor({ state: "detached" });
      },
    },
    {
      name: "administrators see the revenue of the month, with all payments and exports",
      run: async () => {
        await open(cara);
        await page().goto(`${studio.url}/admin/revenue`);
        await page().getByRole("table", { name: "Revenue by month" }).waitFor();
        const paid = (await cara.api.adminRevenue.get({ query: {} })).totals;
        // Sealed Baker, two credit packages, and Pro, which was renewed when the clock was moved.
        expect(paid.agents_cents === 500 && paid.credits_cents === 1000 && paid.plans_cents >= 4900, JSON.stringify(paid));
        await page().getByRole("table", { name: "Payments" }).getByText("Agent: Sealed Baker, monthly").first().waitFor();
        await checkScreens(page(), "admin-revenue");
        const csv = await page().evaluate(async () => {
          const link = [...document.querySelectorAll("a")].find((a) => a.textContent?.includes("Export months"));
          return (await fetch(link?.href ?? "")).text();
        });
        expect(csv.startsWith("month,plans_cents") && csv.trim().split("\n").length === 13, csv.slice(0, 200));
      },
    },
  ];
});
