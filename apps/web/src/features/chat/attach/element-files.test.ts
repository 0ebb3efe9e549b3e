import { describe, expect, test } from "vitest";
import { readBridge, type PickedElement } from "../../preview/bridge.ts";
import { elementFiles } from "./element-files.ts";

const peer = { window: {} as Window, origin: "http://p.localhost", nonce: "n" };
const picked = (element: unknown) =>
  readBridge({ source: peer.window, origin: peer.origin, data: { source: "tesslate-bridge", nonce: "n", type: "picked", element } }, peer);
const heading = {
  tag: "h1",
  text: "Fresh bread",
  selector: "main > h1",
  html: "<h1>Fresh bread</h1>",
  styles: { color: "rgb(0, 0, 0)" },
  rect: { x: 1.4, y: 2, width: 300, height: 40 },
  source: { file: "src/App.tsx", line: 12, column: 7 },
  image: "data:image/png;base64,aGk=",
};
const elementOf = (given: unknown): PickedElement => {
  const report = picked(given);
  if (report?.type !== "picked") throw new Error("no report");
  return report.element;
};

describe("an element that was pointed at", () => {
  test("becomes a description with source, selector and styles, and a picture", async () => {
    const files = elementFiles(elementOf(heading), { path: "/menu", directory: "." });
    expect(files.label).toBe("h1 · src/App.tsx:12");
    expect(files.description.name).toBe("h1 App.tsx:12.txt");
    const text = await files.description.text();
    for (const part of [
      "at /menu",
      "Source: src/App.tsx:12:7",
      "Selector: main > h1",
      "color: rgb(0, 0, 0)",
      "<h1>Fresh bread</h1>",
      "300 x 40",
    ])
      expect(text).toContain(part);
    expect([files.picture?.type, await files.picture?.text()]).toEqual(["image/png", "hi"]);
  });
  test("of a container in a folder is named from the project's root; without a source by its selector", async () => {
    expect(elementFiles(elementOf(heading), { path: "/", directory: "web" }).label).toBe("h1 · web/src/App.tsx:12");
    const bare = elementFiles(elementOf({ ...heading, source: undefined, image: undefined }), { path: "/", directory: "." });
    expect([bare.label, bare.picture]).toEqual(["h1 · main > h1", undefined]);
    expect(await bare.description.text()).toContain("Source: unknown");
  });
  test.each([
    ["nothing", null],
    ["a tag that is none", { ...heading, tag: "<script>" }],
    ["no tag", { ...heading, tag: 1 }],
  ])("is not believed: %s", (_what, element) => expect(picked(element)).toEqual({ type: "pick_over" }));
  test("is cut to size, and its source stays in the project", () => {
    const element = elementOf({
      ...heading,
      html: "x".repeat(9000),
      source: { file: "../../etc/passwd", line: 1, column: 1 },
      image: "data:image/svg+xml,x",
    });
    expect([element.html.length, element.source, element.image]).toEqual([1500, undefined, undefined]);
  });
  test("of another window is ignored", () => {
    const data = { source: "tesslate-bridge", nonce: "n", type: "picked", element: heading };
    expect(readBridge({ source: {}, origin: peer.origin, data }, peer)).toBe(undefined);
    expect(readBridge({ source: peer.window, origin: "http://else", data }, peer)).toBe(undefined);
    expect(readBridge({ source: peer.window, origin: peer.origin, data: { ...data, nonce: "m" } }, peer)).toBe(undefined);
  });
});
