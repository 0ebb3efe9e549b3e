import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { createApp } from "../server/app.ts";
import { migrateDatabase, openDatabase } from "../server/database.ts";
import { readEnvironment } from "../server/environment.ts";

/** The API with an empty database of its own, on the server of DATABASE_URL. `close` deletes the database. */
export async function openTestApp() {
  const environment = readEnvironment({ BETTER_AUTH_SECRET: randomBytes(32).toString("hex"), ...process.env });
  const name = `test_${randomBytes(8).toString("hex")}`;
  const onServer = async (statement: string) => {
    const client = new Client({ connectionString: environment.DATABASE_URL });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  const url = new URL(environment.DATABASE_URL);
  url.pathname = `/${name}`;
  await onServer(`create database ${name}`);
  await migrateDatabase(url.href);
  const { db, close } = openDatabase(url.href);
  const app = createApp(db, { ...environment, DATABASE_URL: url.href, PUBLIC_URL: undefined });
  return {
    app,
    db,
    url: url.href,
    close: async () => {
      await close();
      await onServer(`drop database ${name}`);
    },
  };
}

export type TestApp = Awaited<ReturnType<typeof openTestApp>>;

/** Signs up and sends the session with each request, as a browser does. */
export async function signUp({ app }: TestApp, email: string) {
  // As a proxy sends them.
  const sent = { host: "app.example", "x-forwarded-host": "app.example", "x-forwarded-proto": "https", origin: "https://app.example" };
  const request = (path: string, { headers, ...init }: RequestInit = {}, cookie = "") =>
    app.request(path, { ...init, headers: { ...sent, cookie, ...headers } });
  const response = await request("/api/auth/sign-up/email", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, name: email, password: "correct horse battery" }),
  });
  if (!response.ok) throw new Error(`sign-up: ${response.status} ${await response.text()}`);
  const cookie = response.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  return {
    id: ((await response.json()) as { user: { id: string } }).user.id,
    request: (path: string, init?: RequestInit) => request(path, init, cookie),
    json: (path: string, method: string, body: unknown) =>
      request(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) }, cookie),
  };
}
