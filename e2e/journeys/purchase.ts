/// <reference lib="dom" />
/** Billing, with its own fake of Stripe: a creator sells an agent, a user subscribes and cancels; credits and a plan are bought. */
import type { Page } from "playwright-core";
import { nextMessage, say, script, startStripe, stripeEnv } from "@tesslate/testkit";
import { createProject, signUp, type Account } from "../account.ts";
import { signIn, type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens } from "../screens.ts";
import { modelEnv } from "../open-project.ts";

export default journey({ ownServer: "what is paid for is scarce: plans, credits and limits hold" }, async (context) => {
  const secretPrompt = "Always answer as the sealed baker of Alder Street.";
  const { model } = context;
  model.setScript(script([say("Sealed: use less yeast."), nextMessage(), say("More.")]));
  const stripe = await startStripe();
  const studio = await context.startStudio({ ...modelEnv(model), ...stripeEnv(stripe) });
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
        await page().getByRole("switch", { name: "Hide the system prompt" }).click();
        await page().getByRole("button", { name: "Save", exact: true }).click();
        await page().getByText("Set up a payout account").waitFor();
        await page().getByRole("radio", { name: "Free", exact: true }).click();
        await page().getByRole("button", { name: "Save", exact: true }).click();
        await page().getByText("Agent created.").waitFor();
        await page().goto(`${studio.url}/settings/creator`);
        await page().getByRole("button", { name: "Set up payouts" }).click();
        await page().getByRole("button", { name: "Done" }).click();
        await until("back", () => path() === "/settings/creator");
        await page().getByText("Your payout account is ready.").waitFor();
        await page().goto(`${studio.url}/library/agents/sealed-baker`);
        await page().getByRole("radio", { name: "Monthly" }).click();
        await page().getByLabel("Price (USD)").fill("5");
        await page().getByRole("switch", { name: "Hide the system prompt" }).click();
        await page().getByRole("button", { name: "Save", exact: true }).click();
        await page().getByText("Agent saved.").waitFor();
        await page().getByRole("button", { name: "Publish" }).click();
        await page().getByText("Sealed Baker published.").waitFor();
      },
    },
    {
      name: "a user subscribes: checkout, webhook, library; the agent runs, and its prompt is not shown",
      run: async () => {
        await open(bob);
        await page().goto(`${studio.url}/marketplace/agent/sealed-baker`);
        await page().getByText("$5.00 a month").waitFor();
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
        await page().getByRole("button", { name: "Choose Pro" }).click();
        await page().getByRole("button", { name: "Cancel" }).click();
        await page().getByText("Checkout canceled.").waitFor();
        await page().getByRole("button", { name: "Choose plan" }).click();
        await checkScreens(page(), "billing-plans", { variants: ["light-d", "light-m"] });
        await page().getByRole("button", { name: "Choose Pro" }).click();
        await page().getByRole("button", { name: "Pay" }).click();
        await page().getByText("Payment complete. Your purchase was added.").waitFor();
        await until("it is Pro", async () => (await bob.api.billing.subscription()).tier === "pro");
        await page().getByRole("button", { name: "End plan" }).click();
        await page().getByRole("alertdialog").getByRole("button", { name: "End plan" }).click();
        await page().getByRole("button", { name: "Resume plan" }).click();
        await page().getByRole("button", { name: "End plan" }).waitFor();
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
        await page().getByRole("radio", { name: "Day", exact: true }).click();
        await checkScreens(page(), "billing");
      },
    },
    {
      name: "a canceled agent works until the end of the period, then expires and no longer runs",
      run: async () => {
        const row = page().getByRole("listitem").filter({ hasText: "Sealed Baker" });
        await row.getByRole("button", { name: "End" }).click();
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
  ];
});
