import { expect, test } from "vitest";
import { createRuntime } from "@tesslate/runtime";
import { say, script, startModelServer } from "@tesslate/testkit";
import { eventually, modelEnv } from "../../../testing/chat.ts";
import { testApp } from "../../../testing/app.ts";
import { realRuntime } from "../../../testing/sandbox.ts";
import { spawnStudio } from "../../../testing/spawned-studio.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

const probe = await realRuntime().catch(() => undefined);
await probe?.[Symbol.asyncDispose]();

test.skipIf(!probe)(
  `kill -9 of the server while a project is set up: the next start finishes the setup and runs the first message once${probe ? "" : " (skipped: needs a sandbox)"}`,
  { timeout: 180_000 },
  async () => {
    const runtimeDir = temporaryFolder("runtime");
    const open = () => createRuntime({ driver: "auto", dataDir: runtimeDir });
    const model = await startModelServer({ script: script([say("Built it.")]) });
    const env = modelEnv(model);
    const endless = await tinyTemplates({ build: [["node", "-e", "setTimeout(() => {}, 600000)"]] });
    const app = await testApp({ swap: { runtime: await open(), templatesDir: endless }, dataDir: temporaryFolder("data"), env });
    const ada = await app.signUp();
    const api = app.as(ada);
    await app.studio.close();
    const children = [await spawnStudio({ ...app, runtimeDir, templatesDir: endless, env })];
    try {
      const created = await api.projects.create({ body: { name: "Killed", message: "Build it", edit_mode: "allow" } });
      for await (const { data } of api.tasks.events({ params: { task_id: created.task_id } }))
        if (data.progress.message.startsWith("Preparing the template")) break;
      await children[0]?.kill();
      expect(model.requests).toHaveLength(0);

      children.push(await spawnStudio({ ...app, runtimeDir, templatesDir: await tinyTemplates(), env }));
      const params = { chat_id: created.chat_id ?? "" };
      await eventually(async () => (await api.chat.get({ params })).messages.some(({ content }) => content === "Built it."), 90_000);
      expect((await api.chat.get({ params })).messages.map(({ content }) => content)).toEqual(["Build it", "Built it."]);
      expect((await api.queue.list({ params })).total).toBe(0);
      // Naming the chat is a separate model call, which may happen before or after this point.
      const isNaming = /Name this conversation/;
      expect(model.requests.filter(({ request }) => !isNaming.test(request?.messages[0]?.text ?? ""))).toHaveLength(1);
    } finally {
      for (const child of children) await child.kill();
      await model.close();
      const runtime = await open();
      for (const { id } of await runtime.list()) await runtime.remove(id);
      await runtime.close();
    }
  },
);
