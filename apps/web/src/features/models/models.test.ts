import type { Model } from "@tesslate/contract";
import { expect, test } from "vitest";
import { pickModel, shortModelName } from "./model-choice.ts";

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
  tools: null,
  score: null,
  tokens_per_second: null,
  message_cents: null,
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
])("%s is said %s", (id, name) => expect(shortModelName(id)).toBe(name));
