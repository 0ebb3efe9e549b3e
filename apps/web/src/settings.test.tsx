import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, screen, signedIn, test, waitFor } from "./testing/index.ts";
import { settings, type SettingsPath } from "./settings.ts";

const source = import.meta.dirname;
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.startsWith("features/") && name.endsWith(".tsx") && !name.endsWith(".test.tsx"))
  .map((name) => ({ name, text: readFileSync(join(source, name), "utf8") }));

test("every setting has its place on a page", () => {
  expect(Object.keys(settings).filter((id) => !files.some(({ text }) => text.includes(`id="${id}"`)))).toEqual([]);
});

test("no form has the id of a setting: its button would submit nothing", () => {
  const forms = files.flatMap(({ text }) => [...text.matchAll(/<form\s+id="([^"]+)"/g)].map(([, id = ""]) => id));
  expect(forms.length).toBeGreaterThan(0);
  expect(forms.filter((id) => id in settings)).toEqual([]);
});

/** Editors and administration, which are not settings. */
const editors = [
  "features/admin/StoreTab.tsx",
  "features/library/AgentEditorPage.tsx",
  "features/library/AgentPictures.tsx",
  "features/library/PriceSection.tsx",
  "features/library/RecordedRunSettings.tsx",
  "features/themes/ThemeEditorPage.tsx",
];
test("every section of the settings can be found: it has an id, or its settings have", () => {
  const missing = files.filter(
    ({ name, text }) =>
      !editors.includes(name) &&
      !text.includes("<SettingAnchor") &&
      [...text.matchAll(/<SettingsSection\s+(\w+)/g)].some(([, first]) => first !== "id"),
  );
  expect(missing.map(({ name }) => name)).toEqual([]);
});

/** The pages that show all of their settings to everyone. */
const pages: readonly SettingsPath[] = [
  "/settings/profile",
  "/settings/look",
  "/settings/preferences",
  "/settings/notifications",
  "/settings/security",
  "/settings/shortcuts",
  "/settings/data",
  "/settings/git",
  "/settings/connectors",
  "/settings/deployment",
  "/settings/api-keys",
];
/** Shown where the server offers it. */
const conditional = ["linked-accounts"];
test.for(pages)("%s has its settings under the names they are found by", async (page, { api, open }) => {
  signedIn(api);
  api.blankReads();
  open(page);
  for (const [id, { label, page: on }] of Object.entries(settings))
    if (on === page && !conditional.includes(id)) await waitFor(() => expect(document.getElementById(id), id).toHaveTextContent(label));
});

test("the address of a setting opens its page, with the setting marked and focused", async ({ api, open }) => {
  signedIn(api);
  api.blankReads();
  open("/settings/preferences#editor-wrap");
  await waitFor(() => expect(document.getElementById("editor-wrap")).toHaveFocus());
  expect(document.getElementById("editor-wrap")).toHaveAttribute("data-found");
});

test("the search of the settings finds single settings by other words, by keyboard", async ({ api, open, user }) => {
  signedIn(api);
  api.blankReads();
  const app = open("/settings/profile");
  const search = await screen.findByRole("searchbox", { name: "Search settings" });
  await user.click(document.body);
  await user.keyboard("/");
  expect(search).toHaveFocus();
  await user.keyboard("word wrap");
  expect(screen.getByRole("list", { name: "Results" })).toHaveTextContent("Wrap long linesPreferences");
  await user.keyboard("{Enter}");
  await waitFor(() => expect(app.path()).toBe("/settings/preferences#editor-wrap"));
  await waitFor(() => expect(document.getElementById("editor-wrap")).toHaveFocus());
  await user.click(search);
  await user.clear(search);
  await user.keyboard("zzzz");
  expect(screen.getByText("No results for “zzzz”", { selector: "p:not([role])" })).toBeVisible();
  await user.keyboard("{Escape}");
  expect(search).toHaveValue("");
  expect(screen.getByRole("navigation", { name: "Settings" })).toBeVisible();
});
