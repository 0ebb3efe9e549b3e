import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";

const Health = z.object({ status: z.literal("ok"), uptime_seconds: z.int().min(0) }).openapi("Health");

export const healthRoutes = new OpenAPIHono().openapi(
  createRoute({
    method: "get",
    path: "/health",
    summary: "Check whether the API is up",
    responses: { 200: { description: "It is up", content: { "application/json": { schema: Health } } } },
  }),
  (c) => c.json({ status: "ok" as const, uptime_seconds: Math.round(process.uptime()) }, 200),
);
