/// <reference lib="dom" />
/** Visual editing in the preview of running apps: React with Vite, and a static page. `--shots DIR` also writes screenshots. */
import type { Locator, Page } from "playwright-core";
import { png, say, script } from "@tesslate/testkit";
import { createProject, finished, signUp } from "../account.ts";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens, expectNoProblems, shot } from "../screens.ts";

const app = `import { Card } from "./Card";

const perks = [
  { title: "Free delivery", text: "On every order" },
  { title: "Gift wrapping", text: "Recycled paper" },
];
const year = 2026;

export default function App() {
  return (
    <main className="mx-auto max-w-xl p-8">
      <h1 className="text-3xl font-bold text-stone-900">Rosa&apos;s Bakery</h1>
      <p className="mt-4">
        We bake at night, so that your bread is fresh when the
        day begins.
      </p>
      <img src="/favicon.svg" alt="The logo" className="mt-4 size-16" />
      <ul className="mt-6">
        {perks.map((perk) => (
          <li key={perk.title} className="flex gap-4">
            <b>{perk.title}</b>
            <span>{perk.text}</span>
          </li>
        ))}
      </ul>
      <Card title="Open from six" />
      <button disabled>Order</button>
      <footer>{"Since " + (year - 12)}</footer>
    </main>
  );
}
`;
const card = `export function Card({ title }: { title: string }) {
  return <section className="mt-6 rounded-lg border p-4"><h2>{title}</h2></section>;
}
`;

export default journey({ templates: ["react-vite", "static"] }, async (context) => {
  const { studio, model } = context;
  model.setScript(script([say("I changed it.")]));
  const person = await signUp(studio.url, "Rosa");
  const project = await createProject(person, "Bakery", "react-vite");
  const put = (path: string, content: string) => person.api.files.put({ params: { id: project.id, path }, body: { content } });
  await put("src/App.tsx", app);
  await put("src/Card.tsx", card);
  const photo = new FormData();
  photo.append("directory", "public");
  photo.append("file", new File([new Uint8Array(png(64, 64))], "bread.png", { type: "image/png" }));
  await person.api.assets.upload({ params: { id: project.id }, form: photo });
  await finished(person.api, (await person.api.projects.start({ params: { id: project.id } })).task_id);
  const watched = await context.openWindow();
  const page: Page = watched.page;

  const frame = page.frameLocator("[data-testid=preview-frame]");
  const pick = page.getByRole("button", { name: "Select element" });
  const panel = page.getByTestId("element-panel");
  const source = async (path = "src/App.tsx", id = project.id) => (await person.api.files.get({ params: { id, path } })).content ?? "";
  const select = async (element: Locator, text: string) => {
    await element.waitFor({ timeout: 30_000 });
    await until("the page is connected", () => pick.isEnabled());
    await pick.click();
    await element.click();
    await panel.getByText(text, { exact: true }).waitFor();
  };
  const written = (what: string, fits: (content: string) => boolean, path?: string, id?: string) =>
    until(what, async () => fits(await source(path, id)));

  return [
    {
      name: "typing changes the text in the preview at once and in the source at its place; the notification and Ctrl+Z undo it",
      run: async () => {
        await signIn(page, studio.url, person);
        await page.goto(`${studio.url}/p/${project.slug}`);
        const heading = frame.getByRole("heading", { level: 1 });
        // A click waits until the page is ready to select, however slowly the picker arrives.
        const picker = "**/__studio/picker.js";
        await page.route(picker, async (route) => {
          await new Promise((resolve) => setTimeout(resolve, 700));
          await route.continue();
        });
        await select(heading, "<h1>");
        await page.unroute(picker);
        await panel.getByText("src/App.tsx:12").waitFor();
        await until("selecting has ended", async () => (await pick.getAttribute("aria-pressed")) === "false");
        await checkScreens(page, "visual-editing", { variants: ["light-d", "dark-d"] });
        const field = panel.getByRole("textbox", { name: "Text", exact: true });
        await field.fill("Rosa's & Sons");
        await frame.getByRole("heading", { name: "Rosa's & Sons" }).waitFor();
        await written("the source has the text", (content) => content === app.replace("&apos;s Bakery", "&apos;s &amp; Sons"));
        await page.getByText("Changed the text of <h1> in src/App.tsx.").waitFor();
        await shot(page, "visual-editing-saved");
        await page.getByRole("button", { name: "Undo" }).last().click();
        await written("it is undone", (content) => content === app);
        await frame.getByRole("heading", { name: "Rosa's Bakery" }).waitFor();
        await field.fill("Bread");
        await written("the source has the second text", (content) => content.includes(">Bread</h1>"));
        await field.press("ControlOrMeta+z");
        await written("Ctrl+Z undoes it", (content) => content === app);
        await field.press("ControlOrMeta+Shift+z");
        await written("redo repeats it", (content) => content.includes(">Bread</h1>"));
        await field.press("ControlOrMeta+z");
        await written("it is undone again", (content) => content === app);
      },
    },
    {
      name: "an element that was changed is selected and changed again; a disabled button can be selected",
      run: async () => {
        await page.keyboard.press("Escape");
        await panel.waitFor({ state: "detached" });
        const field = panel.getByRole("textbox", { name: "Text", exact: true });
        for (const text of ["Bread and more", "Bread"]) {
          await select(frame.getByRole("heading", { level: 1 }), "<h1>");
          await field.fill(text);
          await written(`the source has “${text}”`, (content) => content.includes(`>${text}</h1>`));
          await frame.getByRole("heading", { name: text, exact: true }).waitFor();
          await page.keyboard.press("Escape");
          await panel.waitFor({ state: "detached" });
        }
        await pick.click();
        await frame.getByRole("button", { name: "Order" }).click({ force: true });
        await panel.getByText("<button>", { exact: true }).waitFor();
        await page.keyboard.press("Escape");
        await panel.waitFor({ state: "detached" });
        await put("src/App.tsx", app);
        await select(frame.getByRole("heading", { level: 1, name: "Rosa's Bakery" }), "<h1>");
      },
    },
    {
      name: "styles and classes are edited in the class list, with suggestions",
      run: async () => {
        await panel.getByRole("combobox", { name: "Text size" }).click();
        await page.getByRole("option", { name: "36 px" }).click();
        await written("the size replaces the old one", (content) => content.includes('className="text-4xl font-bold text-stone-900"'));
        await until(
          "the page shows it",
          async () => (await frame.getByRole("heading", { level: 1 }).evaluate((node) => getComputedStyle(node).fontSize)) === "36px",
        );
        await panel.getByRole("button", { name: /^Text color/ }).click();
        await shot(page, "visual-editing-colors");
        await page.getByRole("button", { name: "amber 700", exact: true }).click();
        await written("the color replaces the old one", (content) => content.includes('className="text-4xl font-bold text-amber-700"'));
        const add = panel.getByRole("combobox", { name: "Classes" });
        await add.fill("tracking-t");
        await page.getByRole("option", { name: "tracking-tight" }).waitFor();
        await add.press("ArrowDown");
        await add.press("Enter");
        await written("the class is added", (content) => content.includes('className="text-4xl font-bold text-amber-700 tracking-tight"'));
        await panel.getByRole("button", { name: "Remove font-bold" }).click();
        await written("the class is removed", (content) => content.includes('className="text-4xl text-amber-700 tracking-tight"'));
        await shot(page, "visual-editing-classes");
      },
    },
    {
      name: "a page that loads again while an element is being selected is still selected from",
      run: async () => {
        await page.keyboard.press("Escape");
        await panel.waitFor({ state: "detached" });
        await pick.click();
        await until("the page is ready to select", async () => (await pick.getAttribute("aria-busy")) !== "true");
        const paragraph = frame.getByText("We bake at night");
        await paragraph.evaluate((node) => {
          node.ownerDocument.documentElement.dataset["before"] = "";
          node.ownerDocument.defaultView?.location.reload();
        });
        await until(
          "the page has loaded again and is ready to select",
          async () =>
            (await frame.locator("html[data-before]").count()) === 0 &&
            (await frame.locator("body").evaluate((body) => getComputedStyle(body).cursor)) === "crosshair",
        );
        await paragraph.click();
        await panel.getByText("<p>", { exact: true }).waitFor();
      },
    },
    {
      name: "an image of the project replaces the source of an image, and its alternative text is edited",
      run: async () => {
        await page.keyboard.press("Escape");
        await panel.waitFor({ state: "detached" });
        await select(frame.getByRole("img"), "<img>");
        await panel.getByRole("combobox", { name: "Image of the project" }).click();
        await page.getByRole("option", { name: "public/bread.png" }).click();
        await written("the image is replaced", (content) => content.includes('<img src="/bread.png" alt="The logo"'));
        await panel.getByLabel("Alternative text").fill("A loaf of bread");
        await panel.getByLabel("Alternative text").press("Enter");
        await written("the text is replaced", (content) => content.includes('<img src="/bread.png" alt="A loaf of bread"'));
        await shot(page, "visual-editing-image");
      },
    },
    {
      name: "a text of a list is changed in its item, a prop at its call site; what code computes goes to the agent with the element",
      run: async () => {
        await select(frame.getByText("Gift wrapping"), "<b>");
        await panel.getByRole("textbox", { name: "Text", exact: true }).fill("Gifts are wrapped");
        await written("the second item", (content) => content.includes('{ title: "Gifts are wrapped", text: "Recycled paper" }'));
        await select(frame.getByRole("heading", { name: "Open from six" }), "<h2>");
        await panel.getByRole("textbox", { name: "Text", exact: true }).fill("Open from seven");
        await written("the call site", (content) => content.includes('<Card title="Open from seven" />'));
        expect((await source("src/Card.tsx")) === card, "the component is unchanged");

        await select(frame.getByText("Since 2014"), "<footer>");
        await panel.getByText("Code computes this value.").waitFor();
        await checkScreens(page, "visual-editing-left-to-agent", { variants: ["light-d"] });
        await panel.getByRole("button", { name: "Ask the agent" }).first().click();
        await panel.waitFor({ state: "detached" });
        const message = page.getByRole("textbox", { name: "Message to the agent" });
        await until("the message is begun", async () =>
          (await message.inputValue()).startsWith("Change the text “Since 2014” of this element to"),
        );
        await page
          .getByTestId("attachment")
          .filter({ hasText: /^footer · src\/App\.tsx:\d+/ })
          .waitFor();
        const { items } = await person.api.activity.list({ params: { id: project.id }, query: { kind: "write", limit: 5 } });
        expect(
          items.some(({ summary }) => summary === "Changed the text of <h2>"),
          `activity: ${items.map(({ summary }) => summary).join(", ")}`,
        );
      },
    },
    {
      name: "a static page is edited in its HTML; the element stays selected while the page loads again",
      run: async () => {
        const site = await createProject(person, "Site", "static");
        await finished(person.api, (await person.api.projects.start({ params: { id: site.id } })).task_id);
        const before = await source("index.html", site.id);
        await page.goto(`${studio.url}/p/${site.slug}`);
        await select(frame.getByRole("heading", { level: 1 }), "<h1>");
        const field = panel.getByRole("textbox", { name: "Text", exact: true });
        const text = await field.inputValue();
        await field.fill("A static page");
        await written("the page has the text", (content) => content === before.replace(text, "A static page"), "index.html", site.id);
        await frame.getByRole("heading", { name: "A static page" }).waitFor();
        await field.fill("A better page");
        await written("and the next one", (content) => content === before.replace(text, "A better page"), "index.html", site.id);
        await shot(page, "visual-editing-static");
      },
    },
    {
      name: "on a phone the panel is a sheet",
      run: async () => {
        await page.keyboard.press("Escape");
        await page.setViewportSize({ width: 390, height: 844 });
        await page.getByRole("button", { name: "Preview", exact: true }).click();
        const heading = frame.getByRole("heading", { name: "A better page" });
        await heading.waitFor();
        await until("the page is connected", () => pick.isEnabled());
        await pick.click();
        await until("the page is ready to select", async () => (await pick.getAttribute("aria-busy")) !== "true");
        const touch = await page.context().newCDPSession(page);
        await touch.send("Emulation.setTouchEmulationEnabled", { enabled: true });
        const { x = 0, y = 0 } = (await heading.boundingBox()) ?? {};
        await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: x + 10, y: y + 10 }] });
        await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
        await touch.send("Emulation.setTouchEmulationEnabled", { enabled: false });
        const field = panel.getByRole("textbox", { name: "Text", exact: true });
        await field.waitFor();
        await checkScreens(page, "visual-editing-phone", { variants: ["light-m", "dark-m"] });
        await page.setViewportSize({ width: 390, height: 844 });
        await heading.waitFor();
        await panel.getByRole("button", { name: "Close" }).click();
        await panel.waitFor({ state: "detached" });
      },
    },
    { name: "the page had no problems", run: async () => expectNoProblems(watched) },
    {
      name: "a component that is written after the file that imports it has its styles",
      run: async () => {
        await page.setViewportSize({ width: 1440, height: 900 });
        await page.goto(`${studio.url}/p/${project.slug}`);
        await frame.getByRole("heading", { level: 1 }).waitFor({ timeout: 30_000 });
        await put("src/App.tsx", 'import Board from "./Board";\n\nexport default function App() {\n  return <Board />;\n}\n');
        await frame.locator("vite-error-overlay").waitFor({ state: "attached", timeout: 30_000 });
        await put("src/Board.tsx", 'export default function Board() {\n  return <h1 className="text-[37px]">Board</h1>;\n}\n');
        const heading = frame.getByRole("heading", { name: "Board" });
        await heading.waitFor({ timeout: 30_000 });
        await until("it has its styles", async () => (await heading.evaluate((node) => getComputedStyle(node).fontSize)) === "37px");
      },
    },
  ];
});
