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
      annual_price_cents: 29_000,
      intervals: ["monthly", "annual"],
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
  expect(dialog).toHaveTextContent("$29.00 a month");
  expect(dialog).toHaveTextContent("$290.00 a year");
  expect(dialog).toHaveTextContent("Save $58.00 (17%)");
  await user.click(within(dialog).getByRole("button", { name: "Choose yearly: Pro" }));
  expect(await within(dialog).findByText("Stripe does not answer.")).toBeVisible();
  expect(api.asked("billing.checkout")[0]?.body).toEqual({ tier: "pro", billing_interval: "annual" });
});

test("usage is plotted as it is charged, by day and by project, with a table behind", async ({ api, open, user }) => {
  billed(api);
  const group = (key: string, name: string | null, credits: number) => ({
    key,
    name,
    requests: 2,
    tokens_input: 10,
    tokens_output: 5,
    // The list price of a call with an own key: shown in the table, but not charged.
    cost_total_cents: 99,
    credits_deducted: credits,
  });
  const today = new Date().toISOString().slice(0, 10);
  api.answer("billing.usageGroups", ({ query }) => ({
    items: query.get("by") === "day" ? [group(today, null, 12)] : [group("a", "Shop", 9), group("b", "Blog", 3)],
    period_start: "2026-11-01T00:00:00Z",
    period_end: "2026-12-01T00:00:00Z",
  }));
  open(path);
  const chart = await screen.findByRole("slider", { name: "Credits charged by day" });
  chart.focus();
  expect(chart).toHaveAttribute("aria-valuetext", expect.stringMatching(/12 credits$/));
  await user.click(screen.getByRole("radio", { name: "Project" }));
  const bars = await screen.findByRole("list", { name: "Credits charged by project" });
  expect(
    within(bars)
      .getAllByRole("listitem")
      .map((row) => row.textContent),
  ).toEqual(["Shop9 credits", "Blog3 credits"]);
  expect(screen.queryByRole("table")).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Show table" }));
  expect(await screen.findByRole("table")).toHaveTextContent("Blog");
  expect(screen.getByRole("table")).toHaveTextContent("25%");
});

test("a payment shows plan, interval and period, and leads to its receipt", async ({ api, open, user }) => {
  billed(api);
  const payment = {
    id: "0a000000-0000-4000-8000-000000000001",
    kind: "subscription" as const,
    status: "completed" as const,
    amount_cents: 29_000,
    refunded_cents: 0,
    credits: 0,
    item: null,
    agent_id: null,
    tier: "pro" as const,
    billing_interval: "annual" as const,
    period_start: "2026-11-03T00:00:00Z",
    period_end: "2027-11-03T00:00:00Z",
    created_at: "2026-11-03T10:00:00Z",
  };
  api.answer("billing.transactions", { items: [payment], total: 1 });
  api.answer("billing.transaction", payment);
  api.answer("billing.documents", { invoice_url: "https://invoice.stripe.com/i/in_1", invoice_pdf_url: "https://pay.stripe.com/in_1/pdf" });
  open(path);
  const row = await screen.findByRole("listitem", { name: /Pro plan, yearly/ });
  expect(row).toHaveTextContent("Nov 3, 2026 to Nov 3, 2027");
  await user.click(within(row).getByRole("link", { name: "Receipt" }));
  expect(await screen.findByRole("heading", { name: "Receipt from Tesslate Studio" })).toBeVisible();
  expect(screen.getByRole("main")).toHaveTextContent("$290.00");
  expect(screen.getByRole("main")).toHaveTextContent("nadia@example.com");
  expect(await screen.findByRole("link", { name: /Invoice \(PDF\)/ })).toHaveAttribute("href", "https://pay.stripe.com/in_1/pdf");
});

test("a plan is canceled after a question that says when it ends, and can be resumed", async ({ api, open, user }) => {
  const plan = { tier: "pro" as const, is_active: true, subscription_id: "sub_1", current_period_end: "2026-12-24T00:00:00Z" };
  billed(api, {}, plan);
  api.answer("billing.cancel", { ...plan, cancel_at_period_end: true } as never);
  open(path);
  await user.click(await screen.findByRole("button", { name: "Cancel plan" }));
  const dialog = await screen.findByRole("alertdialog", { name: "Cancel your plan?" });
  expect(dialog).toHaveTextContent(/Dec/);
  billed(api, {}, { ...plan, cancel_at_period_end: true });
  await user.click(within(dialog).getByRole("button", { name: "Cancel plan" }));
  expect(await screen.findByRole("button", { name: "Resume plan" })).toBeVisible();
  expect(api.asked("billing.cancel")[0]?.body).toEqual({ at_period_end: true });
});

test("a payment that failed is shown at the plan", async ({ api, open }) => {
  billed(api, {}, { tier: "pro", is_active: true, subscription_id: "sub_1", status: "past_due" });
  open(path);
  await waitFor(() => expect(screen.getByText("The last payment failed")).toBeVisible());
});
