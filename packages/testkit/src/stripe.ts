import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { recorderOf, type Recorder } from "./specifications/index.ts";
import { createAccountState, type StripeAccountState } from "./stripe/account.ts";
import { createApi, type ApiAnswer } from "./stripe/api.ts";
import { StripeRefusal, type StripeEvent } from "./stripe/objects.ts";

export interface StripeTrouble {
  /** The response instead; `refused` is remembered under the call's key, `lost` executes the call and breaks the connection. */
  how: 429 | 500 | 503 | "refused" | "lost" | "slow";
  /** Number of calls. Default: all until it is ended. */
  times?: number;
  /** Only calls whose method and path match, such as `/^POST \/v1\/transfers/`. */
  on?: RegExp;
}
export interface DeliverOptions {
  copies?: number;
  /** Age of the signature in seconds. */
  ageSeconds?: number;
  secret?: string;
}

export interface StripeFake extends AsyncDisposable {
  /** The API, the hosted pages and the portal. */
  url: string;
  secretKey: string;
  publishableKey: string;
  webhookSecret: string;
  /** The account's content and the events that can occur. */
  account: StripeAccountState;
  /** Webhook destination. `manual`: events wait in `waiting` until they are delivered, reordered or dropped. */
  sendTo(url: string, mode: "at once" | "manual"): void;
  waiting: StripeEvent[];
  /** Sends events in the given order; resolves with the status of each response, including copies. Copies are sent concurrently. */
  deliver(events: readonly StripeEvent[], options?: DeliverOptions): Promise<number[]>;
  /** Sends waiting events repeatedly until each gets a 2xx response. */
  settle(): Promise<void>;
  /** The signature header of a body. */
  sign(body: string, options?: DeliverOptions): string;
  trouble(what: StripeTrouble | undefined): void;
  /** The API without a socket, for tests with very many calls. */
  fetch: typeof globalThis.fetch;
  /** Calls compared with Stripe's published specification. A call that does not match is rejected and fails `close`. */
  published: Recorder;
  /** Every call to the API, in order. */
  calls: { method: string; path: string; key: string | undefined; status: number }[];
  close(): Promise<void>;
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(title)}</title><body style="font:16px system-ui;max-width:28rem;margin:4rem auto"><h1>${escapeHtml(title)}</h1>${body}</body></html>`;
const button = (action: string, name: string) =>
  `<form method="post" action="${escapeHtml(action)}"><button>${escapeHtml(name)}</button></form>`;
const dollars = (cents: number) => `$${(cents / 100).toFixed(2)}`;

/**
 * A Stripe account over real sockets: it bills, rejects and signs like the real one, has payment pages, and a clock that can be moved.
 * Webhooks are sent at once or wait to be reordered, repeated, delayed and dropped.
 */
export async function startStripe(): Promise<StripeFake> {
  const secretKey = `sk_test_${randomBytes(12).toString("hex")}`;
  const webhookSecret = `whsec_${randomBytes(16).toString("hex")}`;
  let url = "";
  let target: { url: string; mode: "at once" | "manual" } | undefined;
  let trouble: StripeTrouble | undefined;
  const waiting: StripeEvent[] = [];
  const calls: StripeFake["calls"] = [];
  const underway = new Set<Promise<unknown>>();

  const sign: StripeFake["sign"] = (body, { ageSeconds = 0, secret = webhookSecret } = {}) => {
    const t = Math.floor(Date.now() / 1000) - ageSeconds;
    return `t=${t},v1=${createHmac("sha256", secret).update(`${t}.${body}`).digest("hex")}`;
  };
  const deliver: StripeFake["deliver"] = async (events, options = {}) => {
    const statuses: number[] = [];
    for (const event of events) {
      const body = JSON.stringify(event);
      const send = async () => {
        const headers = { "content-type": "application/json; charset=utf-8", "stripe-signature": sign(body, options) };
        const response = await fetch(target?.url ?? "", { method: "POST", headers, body }).catch(() => undefined);
        await response?.arrayBuffer();
        return response?.status ?? 0;
      };
      statuses.push(...(await Promise.all(Array.from({ length: options.copies ?? 1 }, send))));
    }
    return statuses;
  };
  const state = createAccountState({
    baseUrl: () => url,
    onEvent: (event) => {
      if (target?.mode !== "at once") return void waiting.push(event);
      // Events that were not accepted wait to be repeated.
      const sent = deliver([event]).then(([status = 0]) => (status >= 200 && status < 300 ? undefined : waiting.push(event)));
      underway.add(sent);
      void sent.finally(() => underway.delete(sent));
    },
  });
  const published = recorderOf("stripe");
  const api = createApi({ state, secretKey, baseUrl: () => url, published });

  const isHit = (method: string, path: string): boolean => {
    if (!trouble || (trouble.on && !trouble.on.test(`${method} ${path}`))) return false;
    if (trouble.times === undefined) return true;
    if (trouble.times <= 0) return false;
    trouble.times--;
    return true;
  };
  const answerApi = async (request: IncomingMessage, response: ServerResponse, body: string): Promise<void> => {
    const { method = "GET", url: path = "/" } = request;
    const header = (name: string) => (Array.isArray(request.headers[name]) ? request.headers[name][0] : request.headers[name]);
    const call = {
      method,
      path,
      body,
      headers: Object.fromEntries(["authorization", "stripe-version", "idempotency-key"].map((name) => [name, header(name)])),
    };
    const how = isHit(method, path) ? trouble?.how : undefined;
    const key = header("idempotency-key");
    if (typeof how === "number") {
      calls.push({ method, path, key, status: how });
      const error =
        how === 429 ? { type: "rate_limit_error", message: "Too many requests" } : { type: "api_error", message: "Something went wrong." };
      response.writeHead(how, { "content-type": "application/json", "stripe-should-retry": "false" }).end(JSON.stringify({ error }));
      return;
    }
    const answer: ApiAnswer = api(call, how === "refused");
    calls.push({ method, path, key, status: answer.status });
    if (how === "lost") return void response.destroy();
    if (how === "slow") await new Promise((resolve) => setTimeout(resolve, 1000));
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers }).end(JSON.stringify(answer.body));
  };

  const direct: StripeFake["fetch"] = async (input, init = {}) => {
    const { pathname, search } = new URL(String(input));
    const [method, path, headers] = [init.method ?? "GET", pathname + search, new Headers(init.headers)];
    const how = isHit(method, path) ? trouble?.how : undefined;
    if (typeof how === "number") {
      calls.push({ method, path, key: undefined, status: how });
      const error = { type: "api_error", message: "Something went wrong." };
      return Response.json({ error }, { status: how, headers: { "stripe-should-retry": "false" } });
    }
    const body = typeof init.body === "string" ? init.body : "";
    const answer = api({ method, path, headers: Object.fromEntries(headers), body }, how === "refused");
    calls.push({ method, path, key: headers.get("idempotency-key") ?? undefined, status: answer.status });
    if (how === "lost") throw new TypeError("the connection broke");
    return Response.json(answer.body, { status: answer.status, headers: answer.headers });
  };

  const see = (response: ServerResponse, location: string) => response.writeHead(303, { location }).end();
  const answerPage = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const back = searchParams.get("back") ?? "/";
    const html = (body: string) => void response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(body);
    const [, kind, id = "", action] = pathname.split("/");
    const again = `?back=${encodeURIComponent(back)}`;
    switch (`${request.method} ${kind} ${action ?? ""}`.trim()) {
      case "GET pay": {
        const session = state.get(state.sessions, "checkout.session", id);
        return html(
          page(`Pay ${dollars(session.amount_total)}`, button(`/pay/${id}/complete`, "Pay") + button(`/pay/${id}/cancel`, "Cancel")),
        );
      }
      case "POST pay complete":
        return void see(response, state.pay(id).success_url.replaceAll("{CHECKOUT_SESSION_ID}", id));
      case "POST pay cancel":
        return void see(response, state.get(state.sessions, "checkout.session", id).cancel_url);
      case "GET portal": {
        const own = [...state.subscriptions.values()].filter((s) => s.customer === id && s.status !== "canceled");
        const rows = own.map((s) =>
          button(`/portal/${s.id}/cancel${again}`, s.cancel_at_period_end ? "Ends with its period" : "Cancel plan"),
        );
        return html(page("Your payments", `${rows.join("")}<p><a href="${escapeHtml(back)}">Back</a></p>`));
      }
      case "POST portal cancel":
        state.update(id, { cancel_at_period_end: "true" });
        return void see(response, back);
      case "GET onboard":
        return html(page("Where should your money go?", button(`/onboard/${id}/complete${again}`, "Done")));
      case "POST onboard complete":
        state.completeOnboarding(id);
        return void see(response, back);
      default:
        response.writeHead(404).end();
    }
  };

  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      try {
        if (request.url?.startsWith("/v1/")) await answerApi(request, response, body);
        else answerPage(request, response);
      } catch (error) {
        response.writeHead(error instanceof StripeRefusal ? error.status : 500, { "content-type": "text/plain" }).end(String(error));
      }
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const close = async () => {
    await Promise.allSettled(underway);
    server.closeAllConnections();
    if (server.listening) await new Promise((done) => server.close(done));
    published.verify();
  };
  return {
    url,
    secretKey,
    publishableKey: secretKey.replace("sk_", "pk_"),
    webhookSecret,
    account: state,
    sendTo: (to, mode) => void (target = { url: to, mode }),
    waiting,
    deliver,
    settle: async () => {
      await Promise.all(underway);
      for (let round = 0; waiting.length > 0; round++) {
        if (round === 20) throw new Error(`webhooks are not taken: ${waiting.map(({ type }) => type).join(", ")}`);
        for (const event of waiting.splice(0)) {
          const [status = 0] = await deliver([event]);
          if (status < 200 || status >= 300) waiting.push(event);
        }
      }
    },
    sign,
    fetch: direct,
    trouble: (what) => void (trouble = what),
    published,
    calls,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Settings of a server that uses that fake. */
export function stripeEnv(stripe: StripeFake): Record<string, string> {
  const env: Record<string, string> = {};
  const plans = { BASIC: 2000, PRO: 4900, ULTRA: 14_900 };
  for (const [tier, cents] of Object.entries(plans))
    for (const [interval, unit_amount] of [
      ["month", cents],
      ["year", cents * 10],
    ] as const) {
      const id = `price_${tier.toLowerCase()}_${interval}`;
      stripe.account.addPrice({ id, unit_amount, interval });
      env[`STRIPE_PRICE_${tier}_${interval === "month" ? "MONTHLY" : "ANNUAL"}`] = id;
    }
  return {
    ...env,
    STRIPE_SECRET_KEY: stripe.secretKey,
    STRIPE_PUBLISHABLE_KEY: stripe.publishableKey,
    STRIPE_WEBHOOK_SECRET: stripe.webhookSecret,
    STRIPE_API_URL: stripe.url,
    BILLING_ENABLED: "true",
  };
}
