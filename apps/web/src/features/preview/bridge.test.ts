import { describe, expect, test } from "vitest";
import { commandMessage, pathTyped, readBridge, withNonce } from "./bridge.ts";

const frame = {} as Window;
const peer = { window: frame, origin: "http://counter-web.preview.localhost:8000", nonce: "n1" };
const good = { source: "tesslate-bridge", nonce: "n1", type: "location", path: "/about", title: "About" };
const event = (over: { source?: unknown; origin?: string; data?: unknown } = {}) => ({
  source: frame,
  origin: peer.origin,
  data: good,
  ...over,
});

describe("messages from the frame", () => {
  test("our own frame's bridge is accepted", () =>
    expect(readBridge(event(), peer)).toEqual({ type: "location", path: "/about", title: "About", page: "app" }));
  test.each<[string, Parameters<typeof event>[0]]>([
    ["another window", { source: {} }],
    ["no window", { source: null }],
    ["another origin", { origin: "http://evil.test" }],
    ["the app itself", { origin: "http://127.0.0.1:8000" }],
    ["a wrong nonce", { data: { ...good, nonce: "n2" } }],
    ["another sender", { data: { ...good, source: "react-devtools" } }],
    ["an unknown type", { data: { ...good, type: "approve" } }],
    ["a path that is none", { data: { ...good, path: 7 } }],
    ["text", { data: "location" }],
    ["nothing", { data: null }],
  ])("%s is not", (_, over) => expect(readBridge(event(over), peer)).toBeUndefined());
  test("which page stands there", () =>
    expect(readBridge(event({ data: { ...good, page: "unauthorized" } }), peer)).toMatchObject({ page: "unauthorized" }));
  test("before the frame is there nothing is accepted", () =>
    expect(readBridge(event({ source: undefined }), { ...peer, window: undefined })).toBeUndefined());
});

test("commands carry the nonce", () =>
  expect(commandMessage({ type: "navigate", path: "/x" }, "n1")).toEqual({
    source: "tesslate-studio",
    nonce: "n1",
    type: "navigate",
    path: "/x",
  }));
test("the nonce goes into the fragment", () =>
  expect(withNonce("http://h/__studio/enter?t=1#x", "n1")).toBe("http://h/__studio/enter?t=1#studio-nonce=n1"));

test.each([
  ["/about", "/about"],
  ["about?x=1#y", "/about?x=1#y"],
  ["", "/"],
  ["http://counter-web.preview.localhost:8000/deep", "/deep"],
  ["http://evil.test/", undefined],
  ["//evil.test/", "/evil.test/"],
  ["javascript:alert(1)", "/javascript:alert(1)"],
])("typed %s goes to %s", (typed, path) => expect(pathTyped(typed, peer.origin)).toBe(path));

describe("a selected element", () => {
  const facts = {
    class_name: "a",
    texts: ["Hi"],
    attributes: { href: "/" },
    origins: [{ file: "src/App.tsx", line: 3, column: 5, items: [] }],
  };
  const editOf = (edit: unknown) => {
    const report = readBridge(event({ data: { ...good, type: "picked", element: { tag: "a", edit } } }), peer);
    return report?.type === "picked" ? report.element.edit : report;
  };
  test("has what is needed to change it", () =>
    expect(editOf(facts)).toEqual({ ...facts, tag: "a", is_component: false, origins: [{ ...facts.origins[0], items: [] }] }));
  test.each<[string, unknown]>([
    ["no facts", undefined],
    ["texts that are none", { ...facts, texts: "Hi" }],
    ["too many texts", { ...facts, texts: Array.from({ length: 51 }, () => "x") }],
    ["a text that is too long", { ...facts, texts: ["x".repeat(20_001)] }],
    ["a class list that is none", { ...facts, class_name: 7 }],
  ])("with %s cannot be changed", (_, edit) => expect(editOf(edit)).toBeUndefined());
  test("loses origins outside of the app, attributes that are not edited, and positions that are none", () =>
    expect(
      editOf({
        ...facts,
        attributes: { onclick: "x()", href: 7 },
        origins: [
          { file: "../../etc/passwd", line: 1, column: 1 },
          { file: "src/App.tsx", line: "3", column: -5, hash: 7, items: [{ line: 1, column: 2, index: -1, count: 0 }, "x"] },
        ],
      }),
    ).toMatchObject({
      attributes: {},
      origins: [{ file: "src/App.tsx", line: 1, column: 1, items: [{ line: 1, column: 2, index: 0, count: 1 }] }],
    }));
});
