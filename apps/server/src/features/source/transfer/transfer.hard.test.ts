import { readdirSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, test, vi } from "vitest";
import { ZipFile } from "yazl";
import { emptyRuntime, projectsApp } from "../../../testing/projects.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

type Content = string | Buffer | { data: string | Buffer; mode: number };
async function zipOf(files: Record<string, Content>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, content] of Object.entries(files)) {
    const { data, mode } = typeof content === "string" || Buffer.isBuffer(content) ? { data: content, mode: 0o100644 } : content;
    if (path.endsWith("/")) zip.addEmptyDirectory(path);
    else zip.addBuffer(Buffer.from(data as string), path, { mode });
  }
  zip.end();
  return buffer(zip.outputStream);
}

describe("import", () => {
  test("resumes an interrupted setup at the next start", async () => {
    const runtimeDir = temporaryFolder("runtime");
    const dataDir = temporaryFolder("data");
    const first = await projectsApp({ runtimeDir, dataDir });
    const bob = await first.signUp();
    const count = 3000;
    const zip = await zipOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`d${i % 30}/f${i}.txt`, `text ${i}`])));
    const form = new FormData();
    form.append("file", new Blob([new Uint8Array(zip)]), "many.zip");
    const created = (await (await first.request("/api/projects/import", { method: "POST", user: bob, body: form })).json()) as {
      id: string;
      task_id: string;
    };
    for await (const { data } of first.as(bob).tasks.events({ params: { task_id: created.task_id } }))
      if (data.progress.current > 20) break;
    await first.studio.close();
    const app = await projectsApp({ runtimeDir, dataDir, database: first.database });
    await vi.waitFor(
      async () => expect(await app.as(bob).projects.get({ params: { id: created.id } })).toMatchObject({ environment_status: "stopped" }),
      { timeout: 30_000, interval: 100 },
    );
    const { entries } = await app.as(bob).files.tree({ params: { id: created.id } });
    expect(entries.filter((e) => !e.is_directory)).toHaveLength(count);
    expect((await app.as(bob).containers.list({ params: { id: created.id } })).total).toBe(1);
    await vi.waitFor(() => expect(readdirSync(join(dataDir, "arrivals"))).toEqual([]));
    await app.close();
    await emptyRuntime(runtimeDir);
  }, 60_000);
});
