import { describe, expect, test } from "vitest";
import { findMessageSecrets } from "./message-secrets.ts";

const stripe = `sk_live_${"aB3dE5gH7jK9mN1pQ2rS"}`;
const openai = `sk-proj-${"aB3_dE5gH7jK9mN1pQ2rSt4UvW6xY8zA0bC2dE4fG6hI8"}`;
const pem = `-----BEGIN PRIVATE KEY-----\n${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj".repeat(3)}\n-----END PRIVATE KEY-----`;
const short = (text: string) => findMessageSecrets(text).map(({ what, name, value }) => [what, name, value]);

describe("secrets in a message", () => {
  test("a key of a provider, with the usual name of its variable", () => {
    expect(short(`Use ${stripe} for payments`)).toEqual([["a live Stripe key", "STRIPE_SECRET_KEY", stripe]]);
    expect(short(openai)).toEqual([["an OpenAI API key", "OPENAI_API_KEY", openai]]);
  });
  test("the name that it is assigned to comes before the usual one", () => {
    expect(short(`export PAY_KEY="${stripe}"`)).toEqual([["a live Stripe key", "PAY_KEY", stripe]]);
    expect(short(`MY_TOKEN: ${openai}`)).toEqual([["an OpenAI API key", "MY_TOKEN", openai]]);
  });
  test("whole values: a private key to its last line, a URL to its end", () => {
    expect(short(`Deploy with\n${pem}\nplease`)[0]?.[2]).toBe(pem);
    const url = "postgres://app:kD83hfq0Lz@db.bakery.io:5432/orders?sslmode=require";
    expect(short(`The database is ${url} .`)).toEqual([["a database URL with its password", "DATABASE_URL", url]]);
  });
  test("several, in the order of the text, each once", () => {
    expect(short(`SMTP_PASSWORD=hunter2-horse-9\nSTRIPE_KEY=${stripe}`).map(([, name]) => name)).toEqual(["SMTP_PASSWORD", "STRIPE_KEY"]);
  });
  test.each([
    ["SESSION_SECRET=9f2c1be04d77a6", "SESSION_SECRET"],
    ["please set apiKey: 'Zk39dkQ02lqPw8'", "apiKey"],
    ["9f2c1be04d77a6539f2c1be04d77a653", undefined],
    ["re_8sKd02Lq_Zk39dkQ02lqPw8Xv5Tn1Bm4", undefined],
  ])("%s", (text, name) => expect(findMessageSecrets(text).map((one) => one.name)).toEqual([name]));
  test.each([
    "Add a login page with email and password",
    "Set the password: it must be at least 12 characters",
    "Read the key from process.env.STRIPE_KEY",
    "const apiKey = process.env.STRIPE_SECRET_KEY;",
    "STRIPE_KEY=your-key-goes-here",
    "API_KEY=sk_live_xxxxxxxxxxxxxxxxxxxx",
    "VITE_MAPS_KEY=kD83hfq0LzWw12",
    "src/features/checkout/components/PaymentForm2.tsx",
    "https://example.com/a/very/long/path/with-3-numbers-2024",
    "0190a000-0000-7000-8000-000000000001",
    "my-component-with-a-very-long-name-version-2",
    "TypeError: Cannot read properties of undefined (reading 'token')",
    "primary key: order_id, foreign key: customer_2",
    "Reset password: sends an email",
    "",
  ])("none in %j", (text) => expect(short(text)).toEqual([]));
  test("hostile text costs linear time", () => {
    const start = performance.now();
    findMessageSecrets(`${"A_KEY=".repeat(1_600)}`);
    findMessageSecrets("a".repeat(10_000));
    findMessageSecrets("-----BEGIN PRIVATE KEY-----".repeat(350));
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
