import { z } from "@hono/zod-openapi";

/** The body of every response that is not a success. */
export const Problem = z.object({ error: z.string().openapi({ example: "Not found" }) }).openapi("Problem");

/** For the `responses` of a route. */
export const problem = (description: string) => ({ description, content: { "application/json": { schema: Problem } } });

/** The first thing that is wrong with an input, as one sentence. */
export function firstProblem(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  const [issue] = error.issues;
  if (!issue) return "Invalid input";
  return issue.path.length > 0 ? `${issue.path.join(".")}: ${issue.message}` : issue.message;
}
