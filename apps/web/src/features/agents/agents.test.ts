import type { LibraryAgent } from "@tesslate/contract";
import { expect, test } from "vitest";
import { viewContextOf } from "../chat/view-context.ts";
import { pickAgent, usableAgents } from "./agents.queries.ts";

const agent = (slug: string, over: Partial<LibraryAgent> = {}) =>
  ({ slug, is_enabled: true, is_admin_disabled: false, ...over }) as LibraryAgent;
const library = [agent("mine"), agent("tesslate-agent"), agent("off", { is_enabled: false }), agent("gone", { is_admin_disabled: true })];

test("the agent chosen last while it can be used, else the server's own", () => {
  const usable = usableAgents(library);
  expect(usable.map((one) => one.slug)).toEqual(["mine", "tesslate-agent"]);
  expect(["mine", "off", "gone", undefined].map((chosen) => pickAgent(usable, chosen)?.slug)).toEqual([
    "mine",
    "tesslate-agent",
    "tesslate-agent",
    "tesslate-agent",
  ]);
  expect(pickAgent([], "mine")).toBeUndefined();
});

test.each([
  ["/p/shop/canvas", "graph"],
  ["/p/shop/canvas/", "graph"],
  ["/p/shop", "builder"],
  ["/p/canvas", "builder"],
  ["/p/shop/files/canvas", "builder"],
])("%s is the %s view", (path, view) => expect(viewContextOf(path)).toBe(view));
