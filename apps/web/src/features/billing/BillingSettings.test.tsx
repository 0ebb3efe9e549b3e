import type { CreditBalance, Subscription } from "@tesslate/contract";
import { BillingConfig } from "@tesslate/contract";
import { expect, refuse, sample, screen, signedIn, test, waitFor, within, type CannedApi } from "../../testing/index.ts";

const path = "/settings/billing";
const offers = sample(BillingConfig, {
  is_enabled: true,
  packages: [{ id: "small", credits: 500, price_cents: 500 }],
  tiers: [
    {
      tier: "pro",
      price_cents: 2900,
      intervals: ["monthly"],
      monthly_allowance: 3000,
      daily_credits: 0,
      max_projects: null,
      max_deploys: 5,
      byok_enabled: true,
      support_tier: "email",
    },
  ],
  deploy_slot_price_cents: 500,
});
function billed(api: CannedApi, balance: Partial<CreditBalance> = {}, plan: Partial<Subscription> = {}, config = offers): void {
  signedIn(api);
  api.answer("billing.credits", { total_credits: 400, purchased_credits: 400, threshold: 100, is_billed: true, ...balance });
  api.answer("billing.config", config);
  api.answer("billing.subscription", { max_projects: 3, max_deploys: 1, ...plan });
  api.blank("billing.usageGroups", "purchases.subscriptions", "billing.transactions");
}

test("a server that charges nobody sells nothing", async ({ api, open }) => {
  billed(api, { is_billed: false }, {}, { ...offers, is_enabled: false });
  open(path);
  expect(await screen.findByText(/Billing is off on this server/)).toBeVisible();
  expect(screen.queryByRole("heading", { name: "Plan" })).not.toBeInTheDocument();
});

test("an empty balance is an alarm, a low one a warning", async ({ api, open }) => {
  billed(api, { is_empty: true, total_credits: 0 });
  const first = open(path);
  expect(await screen.findByRole("alert")).toHaveTextContent("No credits left");
  first.unmount();
  billed(api, { is_low: true });
  open(path);
  expect(await screen.findByText("Fewer than 100 credits left.")).toBeVisible();
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});

test("one failure stands for the page, and all of it is read again", async ({ api, open, user }) => {
  billed(api);
  api.answer("billing.subscription", refuse("internal_error"));
  open(path);
  expect(await screen.findByRole("alert")).toHaveTextContent("Couldn't load billing");
  billed(api);
  await user.click(screen.getByRole("button", { name: "Retry" }));
  await screen.findByRole("heading", { name: "Credits" });
});

test("a payment that cannot be begun says why beside the packages", async ({ api, open, user }) => {
  billed(api);
  api.answer("billing.purchaseCredits", refuse("bad_gateway", { detail: "Stripe does not answer." }));
  open(path);
  await user.click(await screen.findByRole("button", { name: /500 credits/ }));
  expect(await screen.findByText("Stripe does not answer.")).toBeVisible();
  expect(api.asked("billing.purchaseCredits")[0]?.body).toEqual({ package: "small" });
});

test("the plans above one's own are offered, with what they hold", async ({ api, open, user }) => {
  billed(api);
  open(path);
  await user.click(await screen.findByRole("button", { name: "Choose plan" }));
  const dialog = await screen.findByRole("dialog", { name: "Choose plan" });
  expect(dialog).toHaveTextContent("Unlimited projects");
  expect(dialog).toHaveTextContent("5 always-on projects");
  api.answer("billing.checkout", refuse("bad_gateway", { detail: "Stripe does not answer." }));
  await user.click(within(dialog).getByRole("button", { name: "Choose Pro" }));
  expect(await within(dialog).findByText("Stripe does not answer.")).toBeVisible();
});

test("a plan is ended after a question that says when, and kept again", async ({ api, open, user }) => {
  const plan = { tier: "pro" as const, is_active: true, subscription_id: "sub_1", current_period_end: "2026-12-24T00:00:00Z" };
  billed(api, {}, plan);
  api.answer("billing.cancel", { ...plan, cancel_at_period_end: true } as never);
  open(path);
  await user.click(await screen.findByRole("button", { name: "End plan" }));
  const dialog = await screen.findByRole("alertdialog", { name: "End your plan?" });
  expect(dialog).toHaveTextContent(/Dec/);
  billed(api, {}, { ...plan, cancel_at_period_end: true });
  await user.click(within(dialog).getByRole("button", { name: "End plan" }));
  expect(await screen.findByRole("button", { name: "Resume plan" })).toBeVisible();
  expect(api.asked("billing.cancel")[0]?.body).toEqual({ at_period_end: true });
});

test("a payment that failed is shown at the plan", async ({ api, open }) => {
  billed(api, {}, { tier: "pro", is_active: true, subscription_id: "sub_1", status: "past_due" });
  open(path);
  await waitFor(() => expect(screen.getByText("The last payment failed")).toBeVisible());
});
