import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ElementChange, PageElement } from "@tesslate/contract";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TestUser } from "../../../testing/app.ts";
import { emptyProject, sandboxApp, type SandboxApp } from "../../../testing/sandbox.ts";
import { fixture, renderApp, renderPage } from "./fixtures/render.ts";

let app: SandboxApp;
let owner: TestUser;
let project: ProjectRow;
const shop = fixture("shop");

beforeAll(async () => {
  app = await sandboxApp();
  owner = await app.signUp();
});
beforeEach(async () => {
  project = await emptyProject(app, owner);
  for (const [path, content] of shop) await write(path, content);
});
afterAll(() => app.close());

const api = () => app.as(owner);
const write = (path: string, content: string) => api().files.put({ params: { id: project.id, path }, body: { content } });
const read = async (path: string) => (await api().files.get({ params: { id: project.id, path } })).content ?? "";
const edit = (element: PageElement, change: ElementChange) =>
  api().elementEdits.create({ params: { id: project.id }, body: { element, change } });
const undo = (editId: string) => api().elementEdits.undo({ params: { id: project.id, edit_id: editId } });
/** The element of the app with this text. */
function elementOf(text: string, files: ReadonlyMap<string, string> = shop): PageElement {
  const found = renderApp(files, "src/App.tsx").find(({ texts }) => texts.some((one) => one.trim() === text));
  if (!found) throw new Error(`no element has the text ${text}`);
  return found;
}
const source = (path = "src/App.tsx") => shop.get(path) ?? "";
const activity = async () => (await api().activity.list({ params: { id: project.id }, query: { kind: "write" } })).items;

test("an edit changes only the bytes of the text, and its undo restores the file; undoing the undo repeats it", async () => {
  const { edit: made, element } = await edit(elementOf("In a fragment"), { type: "text", index: 0, value: "In a <new> fragment" });
  expect(made).toMatchObject({ path: "src/App.tsx", summary: "Changed the text of <span> in src/App.tsx" });
  expect(element.texts).toEqual(["In a <new> fragment"]);
  const expected = source().replace("In a fragment", "In a &lt;new&gt; fragment");
  expect(await read("src/App.tsx")).toBe(expected);

  const { edit: undone } = await undo(made.id);
  expect(undone.summary).toBe("Undid a change of the text of <span> in src/App.tsx");
  expect(await read("src/App.tsx")).toBe(source());
  await undo(undone.id);
  expect(await read("src/App.tsx")).toBe(expected);
});

test("line breaks and indentation around the changed words stay", async () => {
  const element = renderApp(shop, "src/App.tsx").find(({ texts }) => texts[0]?.startsWith("We bake"));
  if (!element) throw new Error("no element");
  await edit(element, {
    type: "text",
    index: 0,
    value: "We bake at night, so that the bread is fresh when the day begins. Come by before",
  });
  expect(await read("src/App.tsx")).toBe(source().replace("so that your bread", "so that the bread"));
});

test("quick edits of the same part are one edit: one undo and one activity entry; another part is another edit", async () => {
  const first = await edit(elementOf("Our menu"), { type: "text", index: 0, value: "Our m" });
  const second = await edit(first.element, { type: "text", index: 0, value: "Our drinks" });
  const link = await edit(second.element, { type: "attribute", name: "href", value: "/drinks" });
  expect(second.edit.id).toBe(first.edit.id);
  expect(link.edit.id).not.toBe(first.edit.id);
  expect(await read("src/App.tsx")).toContain('<a href="/drinks">Our drinks</a>');

  expect((await activity()).slice(0, 2).map(({ summary, subject, actor }) => [actor.kind, summary, subject])).toEqual([
    ["person", "Changed the link address of <a>", "src/App.tsx"],
    ["person", "Changed the text of <a>", "src/App.tsx"],
  ]);
  expect((await activity()).filter(({ summary }) => summary === "Changed the text of <a>")).toHaveLength(1);
  await undo(link.edit.id);
  await undo(first.edit.id);
  expect(await read("src/App.tsx")).toBe(source());
});

test("the timeline has a checkpoint before each edit, one for quick edits of the same part, and it has the file as it was", async () => {
  const first = await edit(elementOf("Our menu"), { type: "text", index: 0, value: "Our m" });
  const second = await edit(first.element, { type: "text", index: 0, value: "Our drinks" });
  await edit(second.element, { type: "attribute", name: "href", value: "/drinks" });
  const { items } = await api().snapshots.checkpoints({ params: { id: project.id }, query: {} });
  expect(items.map(({ title }) => title)).toEqual([
    "Before changing the link address of <a> in src/App.tsx",
    "Before changing the text of <a> in src/App.tsx",
  ]);
  const diff = await api().snapshots.checkpointDiff({
    params: { id: project.id, checkpoint_id: items[1]?.id ?? "" },
    query: { against: "now" },
  });
  expect(diff.files.map(({ path }) => path)).toEqual(["src/App.tsx"]);
});

test("a file that has changed since the page loaded it is a conflict, and so is the undo of an edit that others wrote over", async () => {
  const stale = elementOf("Our menu");
  await write("src/App.tsx", `// New\n${source()}`);
  await expect(edit(stale, { type: "text", index: 0, value: "Menu" })).rejects.toMatchObject({ status: 409, code: "conflict" });
  await write("src/App.tsx", source());
  const { edit: made } = await edit(stale, { type: "text", index: 0, value: "Menu" });
  await write("src/App.tsx", `// New\n${await read("src/App.tsx")}`);
  await expect(undo(made.id)).rejects.toMatchObject({ status: 409, code: "conflict" });
  expect(await read("src/App.tsx")).toContain("// New");
});

test("what the page claims is compared with the source: another text, tag or place changes nothing", async () => {
  const element = elementOf("Our menu");
  const change: ElementChange = { type: "text", index: 0, value: "Menu" };
  const [origin] = element.origins;
  if (!origin) throw new Error("no origin");
  const claims: PageElement[] = [
    { ...element, texts: ["Their menu"] },
    { ...element, tag: "h1" },
    { ...element, origins: [{ ...origin, line: 1, column: 1 }] },
    { ...element, origins: [{ ...origin, line: 9_000, column: 1 }] },
    { ...element, origins: [{ ...origin, file: "../../etc/passwd" }] },
    { ...element, origins: [{ ...origin, file: "/etc/passwd" }] },
    { ...element, origins: [{ ...origin, file: ".git/config" }] },
    { ...element, origins: [{ ...origin, file: "src/missing.tsx" }] },
    { ...element, origins: [] },
  ];
  for (const claim of claims)
    await expect(edit(claim, change)).rejects.toMatchObject({
      status: 404,
      code: "element_not_found",
      details: { reason: expect.any(String) },
    });
  await write("src/page.vue", "<template><a>Our menu</a></template>");
  await expect(edit({ ...element, origins: [{ ...origin, hash: undefined, file: "src/page.vue" }] }, change)).rejects.toMatchObject({
    code: "element_ambiguous",
    details: { reason: "unsupported" },
  });
  expect(await read("src/App.tsx")).toBe(source());
});

test("what cannot be placed with certainty says why", async () => {
  const cases: [text: string, reason: string][] = [
    ["Used twice", "shared"],
    ["Open since 1902", "imported"],
    ["Open until 17:00", "expression"],
    ["Two levels down", "component"],
    ["Twice", "ambiguous"],
  ];
  for (const [text, reason] of cases)
    await expect(edit(elementOf(text), { type: "text", index: 0, value: "New" })).rejects.toMatchObject({
      status: 409,
      code: "element_ambiguous",
      details: { reason },
    });
});

test("inspecting says for each part where an edit goes, or why there is none, and changes nothing", async () => {
  const element = elementOf("Free delivery");
  const found = await api().elementEdits.inspect({ params: { id: project.id }, body: { element } });
  expect(found).toEqual({
    has_tailwind: false,
    texts: [{ value: "Free delivery", reason: null, path: "src/App.tsx", line: 6 }],
    classes: [],
    new_class: { reason: null, path: "src/parts.tsx", line: 14 },
    attributes: [],
  });
  await write("package.json", JSON.stringify({ devDependencies: { tailwindcss: "4.0.0" } }));
  const button = await api().elementEdits.inspect({ params: { id: project.id }, body: { element: elementOf("Ask us") } });
  expect(button.has_tailwind).toBe(true);
  expect(button.classes.map(({ name, path }) => [name, path])).toEqual([
    ["rounded", "src/parts.tsx"],
    ["px-4", "src/parts.tsx"],
    ["py-2", "src/parts.tsx"],
    ["bg-stone-200", "src/parts.tsx"],
    ["mt-4", "src/App.tsx"],
  ]);
  expect(await read("src/parts.tsx")).toBe(source("src/parts.tsx"));
});

test("a static page is edited in its HTML file", async () => {
  const html = fixture("site").get("index.html") ?? "";
  await write("index.html", html);
  const lead = renderPage(html, "/").find(({ class_name }) => class_name.includes("lead"));
  if (!lead) throw new Error("no element");
  const change: ElementChange = { type: "text", index: 0, value: "This text is on three lines & has an entity." };
  await edit(lead, change);
  expect(await read("index.html")).toBe(html.replace("on two lines &amp;", "on three lines &amp;"));
  // A page whose script has replaced the elements before it is not the file.
  const trail = lead.document?.trail.map((step, at) => (at === 0 ? { ...step, tags: ["head", "div"] } : step)) ?? [];
  await expect(edit({ ...lead, document: { path: "/", trail } }, change)).rejects.toMatchObject({ details: { reason: "ambiguous" } });
});

test("another user gets 404, an anonymous caller 401, a bad body 422", async () => {
  const body = { element: elementOf("Our menu"), change: { type: "text", index: 0, value: "Menu" } };
  const other = await app.signUp();
  const path = `/api/projects/${project.id}/element-edits`;
  const statusOf = async (json: unknown, user?: TestUser, at = path) =>
    (await app.request(at, { method: "POST", json, ...(user && { user }) })).status;
  expect(await statusOf(body, other)).toBe(404);
  expect(await statusOf({ element: body.element }, other, `${path}/inspect`)).toBe(404);
  expect(await statusOf(body)).toBe(401);
  expect(await statusOf({ ...body, change: { type: "text", index: 0, value: "  " } }, owner)).toBe(422);
  expect(await statusOf({ ...body, change: { type: "attribute", name: "onclick", value: "x" } }, owner)).toBe(422);
  const { edit: made } = await edit(body.element, { type: "text", index: 0, value: "Menu" });
  expect(await statusOf({}, other, `${path}/${made.id}/undo`)).toBe(404);
  await expect(undo("00000000-0000-4000-8000-000000000000")).rejects.toMatchObject({ status: 404 });
});
