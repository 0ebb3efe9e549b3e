import { execFile } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { stopRuntimesBelow } from "@tesslate/runtime";
import { freePort } from "@tesslate/testkit";
import { afterAll, describe, expect, test } from "vitest";
import { clientsAt } from "./testing/address.ts";
import { asPage, ended, enterPreview } from "./testing/projects.ts";
import { realRuntime } from "./testing/sandbox.ts";
import { spawnStudio, type SpawnedStudio } from "./testing/spawned-studio.ts";
import { temporaryFolder } from "./testing/temporary.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";

const probe = await realRuntime().catch(() => undefined);
const canRun = probe?.can.privateNetwork === true;
await probe?.[Symbol.asyncDispose]();

describe.skipIf(!canRun)("a copy of an installation on the same machine (needs root and a sandbox with a network of its own)", () => {
  const base = temporaryFolder("installations");
  const children: SpawnedStudio[] = [];
  afterAll(async () => {
    for (const child of children) await child.kill();
    await stopRuntimesBelow(base);
    await rm(base, { recursive: true, force: true });
  });

  test("serves its own files beside the running original, and both keep working", { timeout: 240_000 }, async () => {
    const templatesDir = await tinyTemplates({
      command: [
        "node",
        "-e",
        `require("http").createServer((q, r) => r.end(require("fs").readFileSync("who.txt"))).listen(process.env.PORT)`,
      ],
    });
    const installations = await Promise.all(
      ["original", "copy"].map(async (name) => {
        const port = await freePort();
        return { port, dataDir: join(base, name), as: clientsAt(port) };
      }),
    );
    const [original, copy] = installations as [(typeof installations)[0], (typeof installations)[0]];
    const start = async (installation: typeof original) => {
      const child = await spawnStudio({ ...installation, templatesDir, env: { ORPHANED_STOP_MINUTES: "5" } });
      children.push(child);
      return child;
    };

    const first = await start(original);
    const person = { email: "ada@example.com", password: "correct horse battery" };
    await original.as().auth.register({ body: { ...person, name: "Ada" } });
    const signIn = async ({ as }: typeof original) => ({ token: (await as().auth.login({ body: person })).access_token ?? "" });
    const ada = await signIn(original);
    const created = await original.as(ada).projects.create({ body: { name: "Shop" } });
    const params = { id: created.id };
    expect(await ended(original, ada, created.task_id)).toMatchObject({ status: "completed", error: null });
    const write = (at: typeof original, user: typeof ada, content: string) =>
      at.as(user).files.put({ params: { ...params, path: "who.txt" }, body: { content } });
    const run = async (at: typeof original, user: typeof ada) => {
      const { task_id } = await at.as(user).projects.start({ params });
      if (task_id) expect(await ended(at, user, task_id)).toMatchObject({ status: "completed", error: null });
    };
    const shown = async (at: typeof original, user: typeof ada) =>
      (await (await enterPreview(at, user, created.id)).fetch("/", { headers: asPage })).text;
    await write(original, ada, "the original");
    await run(original, ada);
    expect(await shown(original, ada)).toBe("the original");

    // Copied while the server is stopped and its project is running.
    const closed = once(first.child, "exit");
    first.child.kill("SIGTERM");
    await closed;
    await promisify(execFile)("cp", ["-a", original.dataDir, copy.dataDir]);
    await start(original);
    await start(copy);
    const again = await signIn(copy);
    await write(copy, again, "the copy");
    await run(copy, again);
    expect(await shown(copy, again)).toBe("the copy");
    const back = await signIn(original);
    expect(await shown(original, back)).toBe("the original");
    // Commands and file changes in one do not affect the other.
    await original.as(back).projects.stop({ params });
    expect(await shown(copy, again)).toBe("the copy");
  });
});
