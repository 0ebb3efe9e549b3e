import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { firstProblem, problem } from "../errors.ts";

const Name = z.string().trim().min(1).max(100).openapi({ example: "Ada" });
const Greeting = z.object({ message: z.string().openapi({ example: "Hello, Ada!" }) }).openapi("Greeting");
const success = { description: "The greeting", content: { "application/json": { schema: Greeting } } };

/** An example: replace it with the routes of your API. */
export const greetingRoutes = new OpenAPIHono({
  defaultHook: (result, c) => (result.success ? undefined : c.json({ error: firstProblem(result.error) }, 422)),
})
  .openapi(
    createRoute({
      method: "get",
      path: "/hello",
      summary: "Greet somebody",
      request: { query: z.object({ name: Name.default("world") }) },
      responses: { 200: success, 422: problem("The name is empty or too long") },
    }),
    (c) => c.json({ message: `Hello, ${c.req.valid("query").name}!` }, 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/greetings",
      summary: "Create a greeting",
      request: { body: { required: true, content: { "application/json": { schema: z.object({ name: Name }) } } } },
      responses: { 201: success, 422: problem("The body does not match") },
    }),
    (c) => c.json({ message: `Hello, ${c.req.valid("json").name}!` }, 201),
  );
