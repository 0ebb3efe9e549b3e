import { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { documentationPage } from "./documentation.ts";
import { firstProblem } from "./errors.ts";
import { greetingRoutes } from "./routes/greetings.ts";
import { healthRoutes } from "./routes/health.ts";
import { welcomePage } from "./welcome.ts";

/** The API without a server: tests call `app.request(path)`. Input that does not match its schema is 422. */
export const app = new OpenAPIHono({
  defaultHook: (result, c) => (result.success ? undefined : c.json({ error: firstProblem(result.error) }, 422)),
});

app.use(secureHeaders());
app.get("/", (c) => c.html(welcomePage));
app.route("/api", healthRoutes);
app.route("/api", greetingRoutes);

const info = { openapi: "3.1.0", info: { title: "New API", version: "0.1.0" } };
app.doc31("/openapi.json", info);
app.get("/docs", (c) => c.html(documentationPage(app.getOpenAPI31Document(info))));

app.notFound((c) => c.json({ error: "Not found" }, 404));

app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  console.error(error);
  return c.json({ error: "Something went wrong. Try again." }, 500);
});
