import { describe, expect, test } from "vitest";
import { addressOf } from "./image-address.ts";
import { panelPlace } from "./panel-place.ts";
import { boxStyles, colorStyles, inlineStylesOf, setBy, suggestedClasses, textStyles } from "./tailwind-styles.ts";

const styleOf = (id: string) => {
  const found = [...textStyles, ...boxStyles, ...colorStyles].find((style) => style.id === id);
  if (!found) throw new Error(id);
  return found;
};

test.each([
  ["size", "text-3xl"],
  ["size", "text-[13px]"],
  ["color", "text-stone-500"],
  ["color", "text-[#123456]"],
  ["color", "text-red-500/50"],
  ["align", "text-center"],
  ["background", "bg-white"],
  ["padding", "p-4"],
  ["padding-x", "px-6"],
  ["margin-top", "-mt-2"],
  ["gap", "gap-[3px]"],
  ["radius", "rounded"],
  ["radius", "rounded-full"],
])("the %s is set by %s, and by no other style", (id, name) => {
  expect([...textStyles, ...boxStyles, ...colorStyles].filter((style) => style.isSetBy(name)).map((style) => style.id)).toEqual([id]);
});
test("classes with a variant set nothing", () => {
  for (const id of ["size", "color", "padding"])
    expect(setBy(styleOf(id), ["sm:text-4xl", "dark:text-stone-400", "hover:p-4", "pt-2"])).toBeUndefined();
});
test("a class is shown by its style before the page has a rule for it", () => {
  expect(inlineStylesOf("p-4")).toEqual({ padding: "1rem" });
  expect(inlineStylesOf("bg-white")).toEqual({ "background-color": "#fff" });
  expect(inlineStylesOf("flex")).toEqual({});
});
test("suggestions begin with what was typed, keep the variant, and leave out what is there", () => {
  expect(suggestedClasses("md:gap-", { except: ["md:gap-1"], limit: 3 })).toEqual(["md:gap-0", "md:gap-0.5", "md:gap-1.5"]);
  expect(suggestedClasses("", { except: [], limit: 3 })).toEqual([]);
});

describe("the address of an image", () => {
  test.each([
    ["public/a b.png", ".", false, "/a%20b.png"],
    ["web/public/img/a.png", "web", false, "/img/a.png"],
    ["src/a.png", ".", false, undefined],
    ["images/a.png", ".", true, "images/a.png"],
    ["api/public/a.png", "web", false, undefined],
  ])("%s in %s", (path, directory, isHtml, address) => expect(addressOf(path, directory, isHtml)).toBe(address));
});

describe("the panel", () => {
  const area = { left: 0, top: 0, width: 1000, height: 800 };
  test("is beside the element where there is room", () => {
    expect(panelPlace({ x: 100, y: 50, width: 200, height: 40 }, area, area, 320)).toEqual({ left: 308, top: 50, maxHeight: 742 });
    expect(panelPlace({ x: 500, y: 50, width: 480, height: 40 }, area, area, 320).left).toBe(172);
  });
  test("is below a wide element, above one at the end, and in the corner of one that fills the page", () => {
    expect(panelPlace({ x: 0, y: 50, width: 1000, height: 40 }, area, area, 320)).toMatchObject({ top: 98 });
    expect(panelPlace({ x: 0, y: 700, width: 1000, height: 90 }, area, area, 320)).toMatchObject({ top: 212, maxHeight: 480 });
    expect(panelPlace({ x: 0, y: 0, width: 1000, height: 800 }, area, area, 320)).toEqual({ left: 672, top: 8, maxHeight: 784 });
  });
});
