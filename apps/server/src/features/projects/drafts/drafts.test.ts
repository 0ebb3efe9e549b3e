import { afterAll, beforeAll, expect, test } from "vitest";
import { say, script, startModelServer, type ModelServer } from "@tesslate/testkit";
import { modelEnv } from "../../../testing/chat.ts";
import { projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

let model: ModelServer;
let app: ProjectsApp;
beforeAll(async () => {
  model = await startModelServer({ script: script([say("Built it.")], { repeat: true }) });
  app = await projectsApp({ env: modelEnv(model), templatesDir: await tinyTemplates() });
});
afterAll(async () => {
  await app?.close();
  await model?.close();
});
const draft = { text: "A waiting list\n", base_id: null, is_submitted: false };

test("a draft is kept as it was written, replaced and deleted; it belongs to one user", async () => {
  const [ada, ben] = [await app.signUp({ name: "Ada" }), await app.signUp({ name: "Ben" })];
  expect(await app.as(ada).projectDrafts.get()).toEqual({ draft: null });
  const saved = await app.as(ada).projectDrafts.save({ body: { draft } });
  expect(saved).toEqual({ draft: { ...draft, updated_at: expect.any(String) } });
  expect(await app.as(ada).projectDrafts.get()).toEqual(saved);
  expect(await app.as(ben).projectDrafts.get()).toEqual({ draft: null });
  const submitted = { ...draft, base_id: "tiny", is_submitted: true };
  expect(await app.as(ada).projectDrafts.save({ body: { draft: submitted } })).toMatchObject({ draft: submitted });
  expect(await app.as(ada).projectDrafts.save({ body: { draft: null } })).toEqual({ draft: null });
  expect(await app.as(ada).projectDrafts.get()).toEqual({ draft: null });
});

test("without a session it is 401, an empty text 422", async () => {
  await expect(app.as().projectDrafts.get()).rejects.toMatchObject({ status: 401 });
  const ada = app.as(await app.signUp());
  await expect(ada.projectDrafts.save({ body: { draft: { ...draft, text: " \n" } } })).rejects.toMatchObject({ status: 422 });
});

test("creating a project with the draft's text deletes the draft; with another text it stays", async () => {
  const ada = app.as(await app.signUp());
  await ada.projectDrafts.save({ body: { draft } });
  await ada.projects.create({ body: { name: "Other", message: "Something else" } });
  expect(await ada.projectDrafts.get()).toMatchObject({ draft });
  await ada.projects.create({ body: { name: "Class list", message: " A waiting list " } });
  expect(await ada.projectDrafts.get()).toEqual({ draft: null });
});

test("a project that is not created keeps the draft", async () => {
  const ada = app.as(await app.signUp());
  await ada.projectDrafts.save({ body: { draft } });
  const body = { name: "Class list", message: "A waiting list", source_type: "template" as const, base_id: "no-such-template" };
  await expect(ada.projects.create({ body })).rejects.toMatchObject({ status: 404 });
  expect(await ada.projectDrafts.get()).toMatchObject({ draft });
});
