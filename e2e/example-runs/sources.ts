/** The code in the projects of the example runs, and the code that the scripted model writes. */
export const prices = `export const prices = { sourdough: 680, rye: 540, bun: 290 };

export function total(order) {
  let sum = 0;
  for (const line of order) sum += prices[line.item] * line.count;
  if (order.length > 2) sum = sum * 0.9;
  return sum;
}

export function format(cents) {
  return (cents / 100).toFixed(2) + " €";
}
`;
export const orders = `import { readFileSync, writeFileSync } from "node:fs";

const file = "orders.json";

export function saveOrder(order) {
  const orders = JSON.parse(readFileSync(file, "utf8"));
  orders.push({ ...order, id: orders.length + 1 });
  writeFileSync(file, JSON.stringify(orders));
}

export function findOrder(id) {
  return JSON.parse(readFileSync(file, "utf8")).find((order) => order.id == id);
}

export function receipt(order) {
  return "<h1>Order " + order.id + "</h1><p>" + order.name + "</p>";
}
`;
export const manifest = `${JSON.stringify({ name: "bakery", private: true, type: "module", scripts: { test: "node --test" } }, null, 2)}\n`;

export const pricesTest = `import assert from "node:assert/strict";
import { test } from "node:test";
import { format, prices, total } from "./prices.js";

test("an empty order costs nothing", () => assert.equal(total([]), 0));

for (const [item, cents] of Object.entries(prices))
  test(\`one \${item} costs its price\`, () => assert.equal(total([{ item, count: 1 }]), cents));

test("the discount begins with the third line, not with the third piece", () => {
  assert.equal(total([{ item: "bun", count: 10 }]), 2900);
  assert.equal(total([{ item: "bun", count: 1 }, { item: "rye", count: 1 }]), 830);
  assert.equal(total([{ item: "bun", count: 1 }, { item: "rye", count: 1 }, { item: "sourdough", count: 1 }]), 1359);
});

test("an item that is not sold is refused", () => assert.throws(() => total([{ item: "cake", count: 1 }])));

test("cents are shown with two decimals", () => assert.equal(format(290), "2.90 €"));
`;

export const behaviorTest = `import assert from "node:assert/strict";
import { test } from "node:test";
import { format, total } from "./prices.js";

const order = (...items) => items.map((item) => ({ item, count: 2 }));
for (const [items, cents] of [[[], 0], [["bun"], 580], [["bun", "rye"], 1660], [["bun", "rye", "sourdough"], 2718]])
  test(\`\${items.join(", ") || "nothing"} costs \${cents}\`, () => assert.equal(total(order(...items)), cents));
test("cents are shown in euros", () => assert.equal(format(2718), "27.18 €"));
`;

export const client = `const timeoutMs = 5000;
const waitsMs = [200, 800];
const retried = new Set([408, 429, 502, 503, 504]);

/** Why stock is not known: "offline", "limited" or "broken". */
export class StockError extends Error {
  constructor(kind, options) {
    super(\`The stock service is \${kind}.\`, options);
    this.kind = kind;
  }
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Pieces left, by product. Tries again at most twice, and not before the service allows it (Retry-After). */
export async function readStock(baseUrl, { signal } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    let response;
    try {
      const timeout = AbortSignal.timeout(timeoutMs);
      response = await fetch(new URL("/stock", baseUrl), { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      if (attempt < waitsMs.length) {
        await wait(waitsMs[attempt]);
        continue;
      }
      throw new StockError("offline", { cause });
    }
    if (response.ok) return checked(await response.json().catch(() => null));
    const afterMs = Number(response.headers.get("retry-after")) * 1000 || waitsMs[attempt];
    if (!retried.has(response.status) || attempt >= waitsMs.length || afterMs > timeoutMs)
      throw new StockError(response.status === 429 ? "limited" : "broken");
    await wait(afterMs);
  }
}

function checked(body) {
  const isStock = typeof body === "object" && body !== null && Object.values(body).every(Number.isInteger);
  if (!isStock) throw new StockError("broken");
  return body;
}
`;
export const clientTest = `import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { readStock } from "./stock.js";

async function service(answers, work) {
  let calls = 0;
  const server = createServer((request, response) => {
    const [status, body, headers = {}] = answers[Math.min(calls++, answers.length - 1)];
    response.writeHead(status, headers).end(body);
  });
  await new Promise((resolve) => server.listen(0, resolve));
  try {
    await work(\`http://localhost:\${server.address().port}\`, () => calls);
  } finally {
    server.close();
  }
}

test("reads the stock", () => service([[200, '{"rye":4}']], async (url) => assert.deepEqual(await readStock(url), { rye: 4 })));
test("tries again when the service is down for a moment", () =>
  service([[503, ""], [200, '{"rye":4}']], async (url, calls) => {
    await readStock(url);
    assert.equal(calls(), 2);
  }));
test("does not try again when it is refused", () =>
  service([[403, ""]], async (url, calls) => {
    await assert.rejects(readStock(url), { kind: "broken" });
    assert.equal(calls(), 1);
  }));
test("does not try again before the service allows it", () =>
  service([[429, "", { "retry-after": "60" }]], async (url, calls) => {
    await assert.rejects(readStock(url), { kind: "limited" });
    assert.equal(calls(), 1);
  }));
for (const body of ['{"rye":"many"}', "<html>"])
  test(\`rejects \${body}\`, () =>
    service([[200, body]], (url) => assert.rejects(readStock(url), { kind: "broken" })));
`;

export const openapi = `openapi: 3.1.0
info: { title: Bakery, version: 1.0.0 }
paths:
  /orders:
    get:
      summary: List orders
      parameters: [{ name: page, in: query, schema: { type: integer, minimum: 1, default: 1 } }]
      responses:
        "200": { description: "20 orders a page, oldest first: items, total, page" }
        "401": { $ref: "#/components/responses/Error" }
    post:
      summary: Create order
      requestBody:
        content: { application/json: { schema: { $ref: "#/components/schemas/NewOrder" } } }
      responses:
        "201": { description: The order }
        "401": { $ref: "#/components/responses/Error" }
        "422": { $ref: "#/components/responses/Error" }
  /orders/{id}:
    get:
      summary: Get order
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      responses:
        "200": { description: The order }
        "401": { $ref: "#/components/responses/Error" }
        "404": { $ref: "#/components/responses/Error" }
components:
  schemas:
    NewOrder:
      type: object
      required: [item, count]
      properties:
        item: { enum: [sourdough, rye, bun] }
        count: { type: integer, minimum: 1, maximum: 50 }
  responses:
    Error: { description: "code for programs, message for people" }
`;
export const api = `import { createServer } from "node:http";

const items = ["sourdough", "rye", "bun"];
const maxBody = 10_000;

const refusal = (status, code, message) => Object.assign(new Error(message), { status, code });

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) if ((text += chunk).length > maxBody) throw refusal(413, "too_large", "At most 10 kB.");
  try {
    return Object(JSON.parse(text));
  } catch {
    throw refusal(422, "invalid_json", "The body is not JSON.");
  }
}

/** \`userOf\` returns who sent a request, or undefined. */
export function createApi({ userOf }) {
  const orders = [];
  const routes = {
    "GET /orders": ({ user, url }) => {
      const page = Math.max(1, Number(url.searchParams.get("page")) || 1);
      const own = orders.filter((order) => order.user === user);
      return [200, { items: own.slice((page - 1) * 20, page * 20), total: own.length, page }];
    },
    "POST /orders": async ({ user, request }) => {
      const { item, count } = await bodyOf(request);
      if (!items.includes(item)) throw refusal(422, "unknown_item", \`item must be one of: \${items.join(", ")}.\`);
      if (!Number.isInteger(count) || count < 1 || count > 50) throw refusal(422, "invalid_count", "count is 1 to 50.");
      const order = { id: orders.length + 1, user, item, count };
      orders.push(order);
      return [201, order];
    },
    "GET /orders/:id": ({ user, id }) => {
      const order = orders.find((one) => one.id === Number(id) && one.user === user);
      if (!order) throw refusal(404, "not_found", "No such order.");
      return [200, order];
    },
  };
  return createServer(async (request, response) => {
    const answer = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    try {
      const url = new URL(request.url, "http://localhost");
      const [, noun, id] = url.pathname.split("/");
      const handler = routes[\`\${request.method} /\${noun}\${id ? "/:id" : ""}\`];
      if (!handler) throw refusal(404, "not_found", "No such route.");
      const user = userOf(request);
      if (!user) throw refusal(401, "unauthorized", "Sign in first.");
      answer(...(await handler({ user, url, id, request })));
    } catch (error) {
      answer(error.status ?? 500, { code: error.code ?? "internal_error", message: error.status ? error.message : "Something went wrong." });
    }
  });
}
`;
export const apiTest = `import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createApi } from "./api.js";

const server = createApi({ userOf: (request) => request.headers["x-user"] });
let base;
before(() => new Promise((resolve) => server.listen(0, () => resolve((base = \`http://localhost:\${server.address().port}\`)))));
after(() => server.close());
const send = (method, path, user, body) =>
  fetch(base + path, { method, headers: user ? { "x-user": user } : {}, ...(body && { body: JSON.stringify(body) }) });

test("an order is created, listed and found", async () => {
  const created = await send("POST", "/orders", "ada", { item: "rye", count: 2 });
  assert.equal(created.status, 201);
  const { id } = await created.json();
  assert.equal((await (await send("GET", "/orders", "ada")).json()).total, 1);
  assert.equal((await send("GET", \`/orders/\${id}\`, "ada")).status, 200);
});
test("a stranger finds nothing; without a user the answer is 401", async () => {
  assert.equal((await send("GET", "/orders/1", "bob")).status, 404);
  assert.equal((await send("GET", "/orders/1")).status, 401);
});
test("a wrong field gets a code", async () => {
  const refused = await send("POST", "/orders", "ada", { item: "cake", count: 1 });
  assert.deepEqual([refused.status, (await refused.json()).code], [422, "unknown_item"]);
});
`;

export const schema = `create table customers (
  id integer primary key,
  email text not null unique check (email like '%_@_%'),
  name text not null check (name <> '')
);

create table products (
  id integer primary key,
  name text not null unique,
  price_cents integer not null check (price_cents >= 0)
);

create table orders (
  id integer primary key,
  customer_id integer not null references customers (id) on delete restrict,
  pickup_at text not null,
  created_at text not null default current_timestamp,
  check (pickup_at > created_at)
);
-- A customer's orders, newest first.
create index orders_customer_idx on orders (customer_id, pickup_at desc);

create table order_lines (
  order_id integer not null references orders (id) on delete cascade,
  product_id integer not null references products (id) on delete restrict,
  count integer not null check (count between 1 and 50),
  -- The price when the order was placed; later price changes do not affect it.
  price_cents integer not null check (price_cents >= 0),
  primary key (order_id, product_id)
);
`;
export const schemaCheck = `import sqlite3

db = sqlite3.connect(":memory:")
db.execute("pragma foreign_keys = on")
db.executescript(open("migrations/0001_orders.sql").read())
db.execute("insert into customers values (1, 'ada@example.com', 'Ada')")
db.execute("insert into products values (1, 'Rye bread', 540)")
db.execute("insert into orders (id, customer_id, pickup_at) values (1, 1, '2099-01-01')")
db.execute("insert into order_lines values (1, 1, 2, 540)")


def refused(what, statement):
    try:
        db.execute(statement)
    except sqlite3.IntegrityError as error:
        print(f"refused: {what} ({error})")
    else:
        raise SystemExit(f"accepted: {what}")


refused("an order of nobody", "insert into orders (customer_id, pickup_at) values (9, '2099-01-01')")
refused("a pick-up in the past", "insert into orders (customer_id, pickup_at) values (1, '2001-01-01')")
refused("no loaves", "update order_lines set count = 0")
refused("the same email twice", "insert into customers values (2, 'ada@example.com', 'Eve')")
refused("deleting a product that was sold", "delete from products")
plan = db.execute("explain query plan select * from orders where customer_id = 1 order by pickup_at desc").fetchall()
print(plan[0][3])
`;

export const rating = `import { useId, type ComponentProps } from "react";
import { cn } from "@/lib/utils";

interface RatingProps extends Omit<ComponentProps<"fieldset">, "onChange"> {
  /** What people rate; screen readers read it. */
  label: string;
  /** Stars from 1 to \`max\`; 0 for none. */
  value: number;
  onValueChange: (value: number) => void;
  max?: number;
}

/**
 * A choice of stars, built from radio buttons: arrow keys work, and so do labels.
 *
 * <Rating label="Your rating" value={stars} onValueChange={setStars} />
 */
export function Rating({ label, value, onValueChange, max = 5, className, ...rest }: RatingProps) {
  const name = useId();
  return (
    <fieldset className={cn("flex gap-1 border-0 p-0", className)} {...rest}>
      <legend className="sr-only">{label}</legend>
      {Array.from({ length: max }, (_, index) => index + 1).map((stars) => (
        <label key={stars} className="cursor-pointer rounded-sm has-focus-visible:ring-2 has-focus-visible:ring-ring">
          <input type="radio" name={name} checked={stars === value} onChange={() => onValueChange(stars)} className="sr-only" />
          <span aria-hidden="true" className="text-2xl text-primary">
            {stars <= value ? "★" : "☆"}
          </span>
          <span className="sr-only">{stars === 1 ? "1 star" : \`\${stars} stars\`}</span>
        </label>
      ))}
    </fieldset>
  );
}
`;
export const classNames = `export function cn(...names: (string | false | undefined)[]) {
  return names.filter(Boolean).join(" ");
}
`;
export const reactManifest = `${JSON.stringify({ name: "bakery", private: true, type: "module", dependencies: { react: "^19.0.0", "react-dom": "^19.0.0" } }, null, 2)}\n`;
export const app = `const menu = [
  { name: "Sourdough loaf", price: "6.80" },
  { name: "Rye bread", price: "5.40" },
  { name: "Cinnamon bun", price: "2.90" },
];

export default function App() {
  return (
    <main className="mx-auto max-w-3xl px-6 py-16">
      <h1 className="text-2xl font-semibold">Alder Street Bakery</h1>
      <ul className="mt-4 divide-y">
        {menu.map(({ name, price }) => (
          <li key={name} className="flex justify-between py-3">
            {name} <span className="tabular-nums">{price}</span>
          </li>
        ))}
      </ul>
    </main>
  );
}
`;
export const appWithHero = app.replace(
  `    <main className="mx-auto max-w-3xl px-6 py-16">
      <h1 className="text-2xl font-semibold">Alder Street Bakery</h1>
      <ul`,
  `    <main className="mx-auto max-w-3xl px-6 py-16 sm:py-24">
      <section className="flex flex-col items-start gap-6">
        <h1 className="text-4xl font-semibold tracking-tight sm:text-6xl">Alder Street Bakery</h1>
        <p className="max-w-prose text-lg text-neutral-600">Order before six in the evening and pick up from seven.</p>
        <a
          href="#menu"
          className="rounded-md bg-amber-800 px-5 py-3 font-medium text-white hover:bg-amber-900 focus-visible:outline-2 focus-visible:outline-offset-2"
        >
          See the menu
        </a>
      </section>
      <h2 id="menu" className="mt-16 scroll-mt-8 text-2xl font-semibold">
        Menu
      </h2>
      <ul`,
);
export const button = `import type { ComponentProps } from "react";
import { cn } from "@/lib/utils";

/** A button. \`variant\`: how much it stands out. */
export function Button({ variant = "solid", className, ...rest }: ComponentProps<"button"> & { variant?: "solid" | "quiet" }) {
  return <button type="button" className={cn("rounded-md px-4 py-2", variant === "solid" && "bg-primary text-primary-foreground", className)} {...rest} />;
}
`;

export const readme = `# Alder Street Bakery

A page where people reserve bread: three files, no dependencies, no build step.

## Run it

Serve the folder with any web server, for example:

    python3 -m http.server 8000

## Layout

| file | contents |
|---|---|
| \`index.html\` | the page: address, prices, the form |
| \`style.css\` | its look |
| \`main.js\` | what "Reserve" does |

## Change it

- Prices are in the list in \`index.html\`, and in no other file.
- "Reserve" shows a confirmation and sends nothing. To send reservations to a server, start in \`main.js\`.

## Before you deploy it

The page stores and sends no data. Reservations reach nobody until you connect a server.
`;
