import { describe, expect, test } from "vitest";
import { elementAttributes, type ElementChange, type PageElement } from "@tesslate/contract";
import { fixture, renderApp, renderPage } from "./fixtures/render.ts";
import { shownText } from "./literals.ts";
import { appliedChange, classNames, documentPaths, locate, planChange, Refusal } from "./source-edit.ts";

/** Needs an escape in every language, and is no text of a fixture. */
const newText = 'Zoë & <b> {1} "x" \u{1F956} `${y}` \\';
const newClass = "data-[state='on']:p-9";

interface Outcome {
  /** `h1.text[0]`, `p.classes`, `img.alt` … */
  part: string;
  was: string;
  /** `src/App.tsx:12`, or why it is left to the agent. */
  result: string;
  isPlaced: boolean;
}

/** Everything of an element that can be edited, with the value that replaces it. */
function changesOf(element: PageElement): { part: string; was: string; change: ElementChange }[] {
  const [first] = classNames(element);
  return [
    ...element.texts.map((text, index) => ({
      part: `${element.tag} text${element.texts.length > 1 ? ` ${index}` : ""}`,
      was: text,
      change: { type: "text" as const, index, value: newText },
    })),
    ...(first === undefined
      ? [{ part: `${element.tag} new class`, was: "", change: { type: "classes" as const, remove: [], add: [newClass] } }]
      : classNames(element).map((name) => ({
          part: `${element.tag} class`,
          was: name,
          change: { type: "classes" as const, remove: [name], add: [newClass] },
        }))),
    ...elementAttributes.flatMap((name) => {
      const was = element.attributes[name];
      return was === undefined
        ? []
        : [{ part: `${element.tag} ${name}`, was, change: { type: "attribute" as const, name, value: newText } }];
    }),
  ];
}

/** What the page shows of an element. */
const shownOf = (element: PageElement) =>
  JSON.stringify([element.texts.map(shownText), classNames(element).toSorted(), Object.entries(element.attributes)]);

/**
 * Edits every part of every element and renders the app again: a placed edit shows the new value on the selected element, and changes no
 * other element than those that the same place of the source creates.
 */
function walk(files: ReadonlyMap<string, string>, render: (files: ReadonlyMap<string, string>) => PageElement[]): Outcome[] {
  const elements = render(files);
  return elements.flatMap((element, at) =>
    changesOf(element).map(({ part, was, change }): Outcome => {
      const before = new Map(files);
      const paths = element.origins.length > 0 ? element.origins.map(({ file }) => file) : documentPaths(element);
      const sources = new Map(paths.flatMap((path) => (files.has(path) ? [[path, files.get(path) ?? ""] as const] : [])));
      const found = locate(sources, element);
      const plan = found instanceof Refusal ? found : planChange(found, element, change);
      const applied = found instanceof Refusal || plan instanceof Refusal ? plan : appliedChange(found, element, change, plan);
      if (plan instanceof Refusal || applied instanceof Refusal || !("text" in applied))
        return {
          part,
          was,
          result: plan instanceof Refusal ? plan.reason : applied instanceof Refusal ? applied.reason : "",
          isPlaced: false,
        };

      const after = render(new Map(before).set(plan.path, applied.text));
      const where = `${part} "${was}" at ${plan.path}:${plan.line}`;
      expect(after.length, where).toBe(elements.length);
      const now = after[at];
      if (change.type === "text") expect(shownText(now?.texts[change.index] ?? ""), where).toBe(newText);
      else if (change.type === "attribute") expect(now?.attributes[change.name], where).toBe(newText);
      else expect(classNames(now ?? element), where).toEqual(expect.arrayContaining([newClass]));
      if (change.type === "classes") for (const name of change.remove) expect(classNames(now ?? element), where).not.toContain(name);
      // The element for the next edit is the one that the page now has.
      expect(applied.element.origins, where).toEqual(now?.origins);
      const [origin] = element.origins;
      for (const [index, other] of elements.entries()) {
        const [theirs] = other.origins;
        const isSamePlace =
          origin && theirs && origin.file === theirs.file && origin.line === theirs.line && origin.column === theirs.column;
        if (index !== at && !isSamePlace) expect(shownOf(after[index] ?? other), `${where} also changed ${other.tag}`).toBe(shownOf(other));
      }
      return { part, was, result: `${plan.path}:${plan.line}`, isPlaced: true };
    }),
  );
}

const apps = [
  { name: "template", render: (files: ReadonlyMap<string, string>) => renderApp(files, "src/App.tsx") },
  { name: "next", render: (files: ReadonlyMap<string, string>) => renderApp(files, "app/page.tsx") },
  { name: "shop", render: (files: ReadonlyMap<string, string>) => renderApp(files, "src/App.tsx") },
  { name: "site", render: (files: ReadonlyMap<string, string>) => renderPage(files.get("index.html") ?? "", "/", ["div"]) },
];
const lines = (outcomes: readonly Outcome[]) =>
  outcomes.map(({ part, was, result }) => `${part} "${was.trim().replace(/\s+/g, " ")}" → ${result}`);

describe("every part of every element is placed right or left to the agent", () => {
  const all = new Map<string, { elements: number; outcomes: Outcome[] }>();
  for (const { name, render } of apps)
    test(`the app "${name}"`, () => {
      const files = fixture(name);
      const outcomes = walk(files, render);
      all.set(name, { elements: render(files).length, outcomes });
      expect(lines(outcomes)).toMatchSnapshot();
    });
  test("the figures", () => {
    const rows = [...all].map(([app, { elements, outcomes }]) => {
      const placed = outcomes.filter(({ isPlaced }) => isPlaced).length;
      return { app, elements, parts: outcomes.length, placed, handed_over: outcomes.length - placed };
    });
    process.stdout.write(`${rows.map((row) => JSON.stringify(row)).join("\n")}\n`);
    expect(rows.reduce((sum, { elements }) => sum + elements, 0)).toBeGreaterThanOrEqual(90);
  });
});
