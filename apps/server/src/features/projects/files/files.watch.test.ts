import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { projectsApp } from "../../../testing/projects.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

test("five hundred files written at once inside the sandbox are each emitted exactly once", async () => {
  await using app = await projectsApp();
  const owner = await app.signUp();
  const { id } = await emptyProject(app, owner);
  const sandbox = await app.runtime.open({ id });
  const abort = new AbortController();
  const added: string[] = [];
  const following = (async () => {
    for await (const event of app.as(owner).projects.events({ params: { id } }, { signal: abort.signal }))
      if (event.type === "file_changed" && event.data.op === "add" && event.data.path.endsWith(".txt")) added.push(event.data.path);
  })().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  // Watching starts with the stream; the event of a first change shows that it has started.
  for (let i = 0; i < 100 && added.length === 0; i++) {
    await sandbox.exec(["/bin/sh", "-c", `echo x > first${i}.txt`]);
    await sleep(50);
  }
  added.length = 0;
  const script =
    "for (let i = 0; i < 500; i++) { fs.mkdirSync('d' + (i % 10), { recursive: true }); fs.writeFileSync(`d${i % 10}/${i}.txt`, 'x'); }";
  expect(await sandbox.exec(["node", "-e", `const fs = require('node:fs'); ${script}`])).toMatchObject({ exitCode: 0 });
  const isBurst = (path: string) => path.startsWith("d");
  await vi.waitFor(() => expect(added.filter(isBurst).length).toBeGreaterThanOrEqual(500));
  abort.abort();
  await following;
  const paths = added.filter(isBurst);
  expect([paths.length, new Set(paths).size]).toEqual([500, 500]);
}, 60_000);
