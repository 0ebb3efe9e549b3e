import { text } from "node:stream/consumers";
import { sql } from "drizzle-orm";
import { fromBufferPromise } from "yauzl";
import { afterAll, beforeAll, expect, test } from "vitest";
import { contract } from "@tesslate/contract";
import { startModelServer, type ModelServer } from "@tesslate/testkit";
import type { TestUser } from "../../../testing/app.ts";
import { modelEnv, collect } from "../../../testing/chat.ts";
import { listRoutes, sampleOf } from "../../../testing/matrix/routes.ts";
import { makeWorld, matrixScript, type MatrixWorld } from "../../../testing/matrix/world.ts";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";

let model: ModelServer;
let app: ProjectsApp;
let creator: TestUser;
let buyer: MatrixWorld;
let otherUser: TestUser;
beforeAll(async () => {
  model = await startModelServer({ apiKey: "sk-planted-secret-key-0123456789", script: matrixScript() });
  app = await projectsApp({ env: { ...modelEnv(model), RECORD_CASSETTES: "true", OUTBOUND_ALLOW_HOSTS: "127.0.0.1" } });
  const [first, second, third] = await Promise.all([app.signUp({ name: "Maker" }), app.signUp({ name: "Buyer" }), app.signUp()]);
  [creator, otherUser] = [first, third];
  buyer = await makeWorld(app, second);
}, 120_000);
afterAll(async () => {
  await app?.close();
  await model?.close();
});

/** The response of a GET; of a stream what arrives within 400 ms. */
async function answerOf(path: string, user: Pick<TestUser, "token"> | undefined): Promise<string> {
  const controller = new AbortController();
  const response = await app.request(path, { ...(user && { user }), signal: controller.signal });
  const isStream = (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
  if (!isStream) return `${[...response.headers].join()} ${await response.text()}`;
  setTimeout(() => controller.abort(), 400);
  let content = "";
  try {
    for await (const piece of response.body ?? []) content += Buffer.from(piece).toString();
  } catch {
    // Aborted by the timer.
  }
  return content;
}

/** Responses of every GET of the contract, with the buyer's own resources and this agent where one is named. */
async function everything(at: MatrixWorld["at"], who: Pick<TestUser, "token"> | undefined): Promise<Map<string, string>> {
  const responses = new Map<string, string>();
  for (const { name, spec } of listRoutes(contract)) {
    if (spec.method !== "GET" || spec.path.endsWith("{path}")) continue;
    const path = spec.path.replace(/\{[^}]+\}/g, (files, index: number) =>
      encodeURIComponent(at[spec.path.slice(0, index + files.length)] ?? "none"),
    );
    const query = new URLSearchParams(spec.query ? (sampleOf(spec.query, buyer.named) as Record<string, string>) : {});
    responses.set(name, await answerOf(`${path}?${query}`, who));
  }
  return responses;
}

async function exportOf(user: TestUser): Promise<string> {
  const { task_id } = await app.as(user).account.export();
  expect((await ended(app, user, task_id)).status).toBe("completed");
  const { download_url } = await app.as(user).account.exported();
  const zip = await fromBufferPromise(Buffer.from(await (await app.request(download_url ?? "", { user })).arrayBuffer()), {
    lazyEntries: true,
  });
  let files = "";
  for await (const entry of zip.eachEntry()) if (!entry.fileName.endsWith("/")) files += await text(await zip.openReadStreamPromise(entry));
  return files;
}

/** Creates an agent with markers in all of its configuration, runs it as its buyer, and returns where the markers can be read. */
async function seenAfterRun(source_type: "open" | "closed"): Promise<Record<string, string[]>> {
  const mark = `canary-${source_type}-q7x`;
  const made = await app.as(creator).marketplaceAgents.create({
    body: {
      name: `Secretive ${source_type}`,
      description: "Keeps secrets",
      agent_type: "TesslateAgent",
      system_prompt: `${mark}-prompt. Be kind.`,
      tool_configs: { read_file: { description: `${mark}-tool`, system_prompt: `${mark}-advice` } },
      config: { note: `${mark}-config` },
    },
  });
  await app.db.execute(
    sql`update agents set source_type = ${source_type}, pricing_type = 'one_time', price_cents = 900 where id = ${made.id}`,
  );
  await app.db.execute(
    sql`insert into user_purchased_agents (user_id, agent_id, purchase_type) values (${buyer.user.id}, ${made.id}, 'one_time')`,
  );
  const api = app.as(buyer.user);
  const project_id = buyer.named["project_id"] ?? "";
  await api.library.addProjectAgent({ params: { id: project_id, agent_id: made.id } });
  const chat = await api.chat.createSession({ body: { project_id, title: source_type } });
  const run = collect(
    api.chat.stream({ body: { project_id, chat_id: chat.id, message: "write it", edit_mode: "allow", agent_id: made.id } }),
  );
  const { task_id } = await run.until("task_started");
  const events = JSON.stringify(await run.ended);
  expect(model.requests.some((request) => JSON.stringify(request).includes(`${mark}-prompt`))).toBe(true);

  const agent = ["/api/marketplace/agents/{id}", "/api/marketplace/agents/{slug}", "/api/marketplace/library/agents/{id}"];
  const at = {
    ...buyer.at,
    ...Object.fromEntries(agent.map((place) => [place, made.slug])),
    "/api/chat/{chat_id}": chat.id,
    "/api/chat/runs/{task_id}": task_id,
    "/api/tasks/{task_id}": task_id,
    "/api/chat/agent/events/{task_id}": task_id,
    "/api/external/agent/events/{task_id}": task_id,
    "/api/external/agent/status/{task_id}": task_id,
  };
  const places: Record<string, string[]> = {};
  const look = (where: string, content: string) => {
    const marks = ["prompt", "tool", "advice", "config"].filter((part) => content.includes(`${mark}-${part}`));
    if (marks.length > 0) places[where] = marks;
  };
  for (const [caller, who] of [
    ["buyer", buyer.user],
    ["buyer's key", { token: buyer.key }],
    ["other user", otherUser],
    ["anonymous", undefined],
  ] as const)
    for (const [name, content] of await everything(at, who)) look(`${caller} ${name}`, content);
  look("events of the run", events);
  look("the buyer's export", await exportOf(buyer.user));
  look("logs", app.logs());
  return places;
}

test("the configuration of a closed-source agent is readable nowhere after its buyer ran it; that of an open one is, which proves the check", async () => {
  const open = await seenAfterRun("open");
  expect(open["other user marketplaceAgents.get"]).toEqual(["prompt", "tool", "advice", "config"]);
  expect(open["buyer library.agents"]).toEqual(["prompt", "tool", "advice", "config"]);
  expect(await seenAfterRun("closed")).toEqual({});
  expect(await app.as(creator).marketplaceAgents.get({ params: { slug: "secretive-closed" } })).toMatchObject({
    system_prompt: expect.stringContaining("canary"),
  });
}, 300_000);
