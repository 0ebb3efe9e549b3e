import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { welcomePage } from "./welcome.ts";

export const app = new Hono();

app.get("/", (c) => c.html(welcomePage));

app.get("/api/health", (c) => c.json({ status: "ok", uptime_seconds: Math.round(process.uptime()) }));

app.get("/api/hello", (c) => c.json({ message: `Hello, ${c.req.query("name") ?? "world"}!` }));

app.notFound((c) => c.json({ error: "not found" }, 404));

app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  console.error(error);
  return c.json({ error: "internal error" }, 500);
});
