import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { maxUploadBytes } from "@tesslate/contract";
import { projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import type { TestUser } from "../../../testing/app.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

let app: ProjectsApp;
let owner: TestUser;
let id: string;
beforeAll(async () => {
  app = await projectsApp();
  owner = await app.signUp();
  id = (await emptyProject(app, owner)).id;
}, 60_000);
afterAll(() => app.close());

const paths = async () => (await app.as(owner).files.tree({ params: { id } })).entries.map((e) => e.path);
/** Temporary files of uploads in progress, outside the tree. */
const pendingUploads = () => readdirSync(app.runtimeDir, { recursive: true }).filter((p) => /\/tmp\/./.test(String(p)));

describe("uploads", () => {
  test("over the limit is 413 during the transfer, and nothing is left", async () => {
    const before = await paths();
    const chunk = Buffer.alloc(4 * 2 ** 20, 97);
    const big = new Blob(Array.from({ length: maxUploadBytes / chunk.length + 1 }, () => chunk));
    const form = new FormData();
    form.append("file", new Blob(["small"]), "small.txt");
    form.append("file", big, "big.bin");
    const response = await app.request(`/api/projects/${id}/file-upload`, { method: "POST", user: owner, body: form });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: "payload_too_large", details: { path: "big.bin" } });
    expect(await paths()).toEqual(before);
    expect(pendingUploads()).toEqual([]);
  }, 60_000);
});
