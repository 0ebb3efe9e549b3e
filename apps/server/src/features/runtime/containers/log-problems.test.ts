import { expect, test } from "vitest";
import type { ProjectEvent } from "@tesslate/contract";
import { emptyProject, sandboxApp } from "../../../testing/sandbox.ts";
import { startUp } from "../../../testing/shell.ts";

const script = `
const logError = () => console.error("ready\\nTypeError: planted-value is not a function\\n    at f (/app/src/a.js:3:5)\\n    at node:internal/x:1:1");
require("http").createServer((q, s) => { logError(); s.end("up"); }).listen(process.env.PORT);
logError();
for (let i = 1; i <= 60; i++) console.error("src/a.ts(" + i + ",1): error TS1: many");
`;

test("emits errors in a container's output with location, redacted and rate limited", async () => {
  await using app = await sandboxApp();
  const owner = await app.signUp();
  const project = await emptyProject(app, owner, { command: ["node", "-e", script] });
  await app.as(owner).secrets.set({ params: { project_id: project.id }, body: { key: "TOKEN", value: "planted-value" } });
  const abort = new AbortController();
  const seen: Extract<ProjectEvent, { type: "log_problem" }>["data"][] = [];
  const until = async (enough: () => boolean) => {
    for (const end = Date.now() + 15_000; !enough(); await new Promise((r) => setTimeout(r, 20)))
      if (Date.now() > end) throw new Error(`only ${JSON.stringify(seen)}`);
  };
  const following = (async () => {
    for await (const event of app.as(owner).projects.events({ params: { id: project.id } }, { signal: abort.signal }))
      if (event.type === "log_problem") seen.push(event.data);
  })().catch(() => undefined);
  try {
    await startUp(app, owner, project.id);
    const [container] = (await app.as(owner).containers.list({ params: { id: project.id } })).items;
    await until(() => seen.length >= 20);
    expect(seen[0]).toEqual({
      container_id: container?.id,
      message: "TypeError: [secret:TOKEN] is not a function",
      place: "src/a.js:3:5",
      lines: ["TypeError: [secret:TOKEN] is not a function", "    at f (/app/src/a.js:3:5)", "    at node:internal/x:1:1"],
    });
    await new Promise((r) => setTimeout(r, 400));
    expect(seen).toHaveLength(20);
    expect(seen[1]).toMatchObject({ message: "error TS1: many", place: "src/a.ts:1:1" });
    // Without followers no log is read, also not later.
    abort.abort();
    await following;
    await app.as(owner).containers.health({ params: { id: project.id, container_id: container?.id ?? "" } });
    const after: string[] = [];
    const again = new AbortController();
    const second = (async () => {
      for await (const event of app.as(owner).projects.events({ params: { id: project.id } }, { signal: again.signal }))
        after.push(event.type);
    })().catch(() => undefined);
    await new Promise((r) => setTimeout(r, 600));
    expect(after).not.toContain("log_problem");
    again.abort();
    await second;
  } finally {
    abort.abort();
  }
});
