import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { call, say, script } from "@tesslate/testkit";
import type { EditMode } from "@tesslate/contract";
import { createLogger } from "../../../platform/logger.ts";
import { chatWorld, find, collect, type ChatWorld } from "../../../testing/chat.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { changed } from "../../../testing/settings.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { createBrowsers } from "./browsers.ts";
import { findChromium, type Chromium } from "./chromium.ts";

const chromium = await findChromium(undefined);
if ("missing" in chromium && process.env["CI"]) throw new Error(chromium.missing);

const app = `
const http = require("node:http");
const html = (body) => \`<!doctype html><html lang="en"><head><title>Bakery</title></head><body><main>\${body}</main></body></html>\`;
http.createServer((request, response) => {
  if (request.url === "/api/none") return response.writeHead(503).end();
  if (request.url === "/slow") return;
  const to = new URL(request.url, "http://x").searchParams.get("to");
  if (to) return response.setHeader("content-type", "text/html").end(html(\`<h1>Reaching</h1><script>
    const results = [];
    const note = (name) => (value) => { results.push(name + " " + value); document.querySelector("h1").textContent = results.sort().join(", "); };
    for (const host of ["127.0.0.1:\${to}", "localhost:\${to}", "[::1]:\${to}", "2130706433:\${to}"]) {
      fetch("http://" + host + "/", { mode: "no-cors" }).then(note("open"), note("shut"));
      new WebSocket("ws://" + host + "/").onerror = () => note("ws")("shut");
    }
    navigator.sendBeacon("http://127.0.0.1:\${to}/beacon", "x");
    new Worker(URL.createObjectURL(new Blob(["fetch('http://127.0.0.1:\${to}/worker', { mode: 'no-cors' })"])));
    const frame = document.createElement("iframe"); frame.src = "http://127.0.0.1:\${to}/frame"; document.body.append(frame);
  </script>\`));
  response.setHeader("content-type", "text/html");
  if (request.url === "/broken") return response.end(html('<h1>Broken</h1><img src="https://tracker.example/p.png"><script>fetch("/api/none"); console.error("oven is cold"); null.loaf;</script>'));
  response.end(html(\`<h1>Bread</h1><label>Name <input id="n"></label><button onclick="document.querySelector('output').textContent = 'Hello ' + document.querySelector('#n').value">Greet</button><output></output><input id="nameless"><p id="cookie"></p><script>document.querySelector("#cookie").textContent = "cookies: " + document.cookie + ";" + (window.isSecureContext ? "secure" : "open");</script>\`));
}).listen(process.env.PORT);
`;

describe.skipIf("missing" in chromium)("verify", () => {
  let world: ChatWorld;
  let project: { id: string };
  beforeAll(async () => {
    world = await chatWorld();
    project = await emptyProject(world.app, world.owner, { command: ["node", "server.cjs"] });
    const sandbox = await world.runtime.open({ id: project.id });
    await sandbox.files.write("server.cjs", app);
  });
  afterAll(() => world[Symbol.asyncDispose]());
  /** In a separate chat: the script counts turns. */
  const send = async (message: string, steps: unknown[], more: object = {}, edit_mode: EditMode = "allow") => {
    world.model.setScript(script([call("verify", { title: "It greets", steps, ...more }), say("Proved.")]));
    const client = world.app.as(world.owner);
    const { id: chat_id } = await client.chat.createSession({ body: { project_id: project.id } });
    return collect(client.chat.stream({ body: { project_id: project.id, chat_id, message, edit_mode } }));
  };
  const proof = async (run: ReturnType<typeof collect>) => (await run.until("evidence_added", 60_000)).data;

  test("the app is started, used and captured; only the owner can read the evidence", async () => {
    const run = await send("Prove it", [
      { action: "expect_text", text: "Bread" },
      { action: "fill", label: "Name", value: "Ada" },
      { action: "click", role: "button", name: "Greet" },
      { action: "expect_text", text: "Hello Ada" },
      { action: "expect_text", css: "#cookie", text: "cookies: ;secure" },
      { action: "viewport", width: 390, height: 700 },
      { action: "screenshot", value: "On a phone" },
    ]);
    const evidence = await proof(run);
    expect(evidence.verify).toMatchObject({
      title: "It greets",
      container: "app",
      path: "/",
      success: true,
      console_errors: [],
      failed_requests: [],
      blocked: [],
    });
    expect(evidence.verify?.steps.map(({ status }) => status)).toEqual(Array(8).fill("passed"));
    expect(evidence.verify?.steps[3]?.what).toBe('click the button "Greet"');
    expect(evidence.verify?.accessibility?.map(({ id }) => id)).toContain("label");
    expect(evidence.verify?.pictures).toMatchObject([{ label: "On a phone", width: 390, height: 700 }]);
    const events = await run.ended;
    const result = find(events, "agent_step")?.data.tool_results[0];
    expect(result).toMatchObject({ success: true, result: { details: { evidence_id: evidence.id, screenshots: 1 } } });
    expect(result?.images).toMatchObject([{ name: "On a phone", mime_type: "image/jpeg" }]);
    expect(result?.result?.["content"]).toContain('ok click the button "Greet"');

    const taskId = evidence.task_id;
    const history = await world.app
      .as(world.owner)
      .chat.history({ params: { project_id: project.id }, query: { chat_id: find(events, "task_started")?.data.chat_id } });
    expect(history.items.at(-1)?.message_metadata?.["evidence"]).toMatchObject([{ id: evidence.id }]);
    const list = await world.app.as(world.owner).evidence.list({ params: { task_id: taskId }, query: {} });
    expect(list).toMatchObject({ total: 1, items: [{ id: evidence.id }] });
    const path = `/api/chat/runs/${taskId}/evidence`;
    // The history of the project names the last one.
    const [listed] = (await world.app.as(world.owner).changes.list({ params: { id: project.id }, query: {} })).items;
    expect(listed).toMatchObject({ task_id: taskId, picture_id: evidence.verify?.pictures[0]?.id });
    const picture = await world.app.request(`${path}/${evidence.verify?.pictures[0]?.id}`, { user: world.owner });
    expect(picture.status).toBe(200);
    expect(Object.fromEntries(picture.headers)).toMatchObject({
      "content-type": "image/jpeg",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
      "cache-control": "private, max-age=86400, immutable",
    });
    expect(
      Buffer.from(await picture.arrayBuffer())
        .subarray(0, 3)
        .toString("hex"),
    ).toBe("ffd8ff");
    const otherUser = await world.app.signUp();
    for (const at of [path, `${path}/${evidence.verify?.pictures[0]?.id}`]) {
      expect((await world.app.request(at, { user: otherUser })).status).toBe(404);
      expect((await world.app.request(at)).status).toBe(401);
    }
    expect((await world.app.request(`${path}/not-an-id`, { user: world.owner })).status).toBe(422);
  }, 90_000);

  test("failures are reported: the step, the console, requests, blocked hosts; the person's Problems stay empty", async () => {
    using _ = changed(world.app.config.verify, { stepMs: 1_000 });
    const run = await send(
      "Look",
      [{ action: "navigate", path: "/broken" }, { action: "expect_text", text: "Never" }, { action: "screenshot" }],
      { accessibility: false },
    );
    const { verify } = await proof(run);
    expect(verify).toMatchObject({
      success: false,
      accessibility: null,
      steps: [{ status: "passed" }, { status: "failed", detail: expect.stringContaining("Seen: Broken") }, { status: "skipped" }],
      failed_requests: ["GET /api/none answered 503"],
      blocked: [{ host: "tracker.example", count: 1 }],
      pictures: [{ label: "When it failed" }],
    });
    expect(verify?.console_errors).toEqual(
      expect.arrayContaining(["oven is cold", expect.stringMatching(/^TypeError: .*\(at \/broken:1:\d+\)$/)]),
    );
    const events = await run.ended;
    expect(find(events, "agent_step")?.data.tool_results[0]).toMatchObject({ success: false, error: expect.stringContaining("failed at") });
    const { rows } = await world.app.studio.database.pool.query("select 1 from events where project_id = $1 and type = 'preview_report'", [
      project.id,
    ]);
    expect(rows).toEqual([]);
  }, 60_000);

  test("a hostile page reaches no other address of this machine", async () => {
    const connections: string[] = [];
    const canary = createServer((socket) => {
      connections.push("connection");
      socket.destroy();
    });
    canary.listen(0);
    await once(canary, "listening");
    const { port } = canary.address() as { port: number };
    const run = await send(
      "Reach",
      [
        { action: "navigate", path: `/reach?to=${port}` },
        { action: "expect_text", css: "h1", text: "ws shut" },
      ],
      { accessibility: false },
    );
    const { verify } = await proof(run);
    expect(verify?.steps.map(({ status, detail }) => [status, detail])).toEqual(Array(2).fill(["passed", undefined]));
    // The page cannot read the proxy's answer; what counts is that no other address was reached.
    await run.ended;
    expect(connections).toEqual([]);
    canary.close();
  }, 90_000);

  test("read-only steps need no approval and are allowed in plan mode, clicks are not", async () => {
    const looking = await send("Look", [{ action: "navigate", path: "/" }, { action: "screenshot" }], { accessibility: false }, "plan");
    expect((await proof(looking)).verify?.success).toBe(true);
    await looking.ended;
    const click = [{ action: "click", role: "button", name: "Greet" }];
    const refused = await (await send("Click", click, {}, "plan")).ended;
    expect(find(refused, "agent_step")?.data.tool_results[0]?.error).toContain("plan mode");
    const clickRun = await send("Click", click, {}, "ask");
    const { approval_id } = (await clickRun.until("approval_required")).data;
    await world.app.as(world.owner).chat.approval({ body: { approval_id, response: "stop" } });
    await clickRun.ended;
  }, 60_000);

  test("a cancelled visit leaves no process and no profile", async () => {
    const run = await send("Wait", [{ action: "navigate", path: "/slow" }]);
    const { task_id } = await run.until("task_started");
    const folder = join(world.state.dataDir, "browsers");
    await vi.waitFor(() => expect(processes(folder)).not.toEqual([]));
    await world.app.as(world.owner).chat.cancel({ body: { task_id } });
    expect(find(await run.ended, "complete")?.data.completion_reason).toBe("cancelled");
    await vi.waitFor(async () => expect([processes(folder), await readdir(folder)]).toEqual([[], []]));
  }, 60_000);

  test("the next start ends the browsers that a killed server left, and nothing else", async () => {
    const folder = temporaryFolder("browsers");
    const home = join(folder, "one");
    await mkdir(join(home, "profile"), { recursive: true });
    const left = spawn("sleep", ["300"], {
      stdio: "ignore",
      argv0: `sleep ${join(home, "profile")}`,
    });
    const other = spawn("sleep", ["300"], { stdio: "ignore" });
    await writeFile(join(home, "pid"), String(left.pid));
    await mkdir(join(folder, "two"));
    await writeFile(join(folder, "two", "pid"), String(other.pid));
    const browsers = createBrowsers({
      chromium: chromium as Chromium,
      dir: folder,
      limits: { maxOpen: 1, maxMemoryBytes: 1 },
      log: createLogger("silent"),
    });
    const exited = once(left, "exit");
    await browsers.reconcile();
    expect(await exited).toEqual([null, "SIGKILL"]);
    expect(await readdir(folder)).toEqual([]);
    expect(other.exitCode).toBeNull();
    other.kill();
  });
});

/** Processes whose command line names something in the folder. */
const processes = (folder: string): string[] =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder);
    } catch {
      return false;
    }
  });
