import { BillingConfig, CreditBalance, PublicConfig } from "@tesslate/contract";
import { expect, refuse, sample, screen, signedIn, test, waitFor, within, type CannedApi } from "../../testing/index.ts";
import { LimitNotice } from "./LimitNotice.tsx";
import { returnPlace } from "./return-place.ts";

const out = {
  code: "insufficient_credits",
  message: "You have no credits left.",
  details: { used: 5, limit: 5, unit: "credits", balance: 0 },
};
const balance = (total: number): Partial<CreditBalance> => ({
  total_credits: total,
  purchased_credits: total,
  is_billed: true,
  is_empty: total === 0,
  is_low: total > 0 && total <= 30,
});
function charging(api: CannedApi, total: number) {
  signedIn(api);
  const config = sample(PublicConfig);
  api.answer("system.config", { ...config, features: { ...config.features, billing: true } });
  api.answer("billing.credits", balance(total));
  api.answer("billing.subscription", { tier: "free", byok_enabled: true });
  api.answer("billing.config", sample(BillingConfig, { is_enabled: true, packages: [{ id: "small", credits: 500, price_cents: 500 }] }));
}

test("credits are topped up from where they ran out, and the page is kept for the return", async ({ api, show, user }) => {
  charging(api, 0);
  api.answer("billing.purchaseCredits", refuse("stripe_error", { detail: "Stripe didn't respond." }));
  history.replaceState(null, "", "/p/shop?chat=1");
  show(<LimitNotice error={out} />);
  await user.click(await screen.findByRole("button", { name: "Top up" }));
  const dialog = await screen.findByRole("dialog", { name: "Top up" });
  await user.click(within(dialog).getByRole("button", { name: /^500 credits/ }));
  expect(await within(dialog).findByText("Stripe didn't respond.")).toBeVisible();
  expect(returnPlace()).toBeUndefined();
});

test("once there are credits again, it says so", async ({ api, show }) => {
  charging(api, 500);
  show(<LimitNotice error={out} again="Send the message again." />);
  expect(await screen.findByText("You have 500 credits again. Send the message again.")).toBeVisible();
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});

test("a paid checkout leads back to the page it was opened from", async ({ api, open }) => {
  charging(api, 500);
  api.blankReads();
  sessionStorage.setItem("studio:checkout-from", JSON.stringify("/marketplace"));
  api.answer("billing.verifyCheckout", { status: "fulfilled" });
  api.stream("billing.creditEvents");
  open("/settings/billing?session_id=cs_test_1");
  expect(await screen.findByRole("heading", { level: 1, name: "Store" })).toBeVisible();
  expect(await screen.findByText("Payment complete. Your purchase was added.")).toBeInTheDocument();
  expect(returnPlace()).toBeUndefined();
});

test("a place of another site is not returned to", () => {
  sessionStorage.setItem("studio:checkout-from", JSON.stringify("//evil.example"));
  expect(returnPlace()).toBeUndefined();
  sessionStorage.removeItem("studio:checkout-from");
});

test("the frame shows the balance, follows it, and says when it is low or empty", async ({ api, open }) => {
  charging(api, 1234);
  const stream = api.stream("billing.creditEvents");
  open("/library");
  api.blankReads();
  expect(await screen.findByRole("link", { name: "Billing: 1,234 credits left" })).toHaveTextContent(/1\.2kcredits$/);
  await waitFor(() => expect(stream.openings()).toBe(1));
  const full = (total: number) => ({ seq: total, type: "credits" as const, data: sample(CreditBalance, balance(total)) });
  stream.send(full(20));
  expect(await screen.findByRole("link", { name: "Billing: 20 credits left (low)" })).toHaveTextContent(/20low$/);
  stream.send(full(0));
  expect(await screen.findByRole("link", { name: "Billing: No credits left" })).toHaveTextContent(/0empty$/);
});

test("where runs cost nothing, there is no balance", async ({ api, open }) => {
  signedIn(api);
  api.blankReads();
  open("/library");
  await screen.findByRole("heading", { level: 1 });
  expect(screen.queryByRole("link", { name: /^Billing/ })).not.toBeInTheDocument();
  expect(api.asked("billing.credits")).toEqual([]);
});
