import type { Model } from "@tesslate/contract";
import { expect, test } from "vitest";
import { defaultFor, pickModel, shortModelName } from "../../lib/model-choice.ts";

const model = (id: string, change: Partial<Model> = {}): Model => ({
  id,
  name: id,
  source: "system",
  provider: "x",
  pricing: null,
  available: true,
  health: null,
  disabled: false,
  context_window: 128_000,
  vision: null,
  reasoning: [],
  tools: null,
  score: null,
  tokens_per_second: null,
  message_cents: 0,
  is_price_known: true,
  own_key: false,
  ...change,
});
const models = [model("a/one"), model("a/two"), model("a/off", { disabled: true }), model("a/gone", { available: false })];

test.each([
  ["a/two", "a/one", "a/two"],
  ["a/off", "a/two", "a/two"],
  ["a/gone", null, "a/one"],
  [undefined, "nowhere", "a/one"],
])("chosen %s, default %s: %s", (chosen, fallback, picked) => expect(pickModel(models, chosen, fallback)).toBe(picked));
test("nothing usable, nothing picked", () => expect(pickModel([model("x", { available: false })], "x", "x")).toBeUndefined());
test.each([
  ["ollama/qwen3:8b", "qwen3:8b"],
  ["custom/lan/llama", "llama"],
  ["plain", "plain"],
])("%s is shown as %s", (id, name) => expect(shortModelName(id)).toBe(name));

test.each([
  ["the project's own", { project: "a/two", agent: "a/one", last: "a/one", server: "a/one" }, "a/two"],
  ["the agent's", { agent: "a/two", last: "a/one", server: "a/one" }, "a/two"],
  ["the one chosen last anywhere", { last: "a/two", server: "a/one" }, "a/two"],
  ["the server's", { server: "a/one" }, "a/one"],
  ["what cannot be used counts as unsaid", { project: "a/gone", agent: "a/off", server: "a/two" }, "a/two"],
  ["no one chose", {}, undefined],
])("where no one chose in the project: %s", (_name, chosen, expected) => {
  const { project, agent, last, server = null }: { project?: string; agent?: string; last?: string; server?: string | null } = chosen;
  const given = {
    project: { settings: project ? { model: project } : null },
    agent: { model: agent ?? null, selected_model: null },
    last,
    server,
  };
  expect(defaultFor(models, given)).toBe(expected);
});
