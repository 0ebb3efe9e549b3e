import { expect, test } from "vitest";
import { changedFields, creationOf, emptyForm, faultsOf } from "./agent-form.ts";

const form = { ...emptyForm("openai/gpt-5.1"), name: "Baker", description: "Bakes", system_prompt: "Bake bread." };

test("a new agent is a draft with its features; one that answers in one go streams", () => {
  expect(creationOf(form)).toMatchObject({ name: "Baker", model: "openai/gpt-5.1", mode: "agent", is_published: false, tools: null });
  expect(creationOf({ ...form, agent_type: "StreamAgent", model: "" })).toMatchObject({ mode: "stream" });
  expect(creationOf({ ...form, model: "" })).not.toHaveProperty("model");
});

test("only what changed is sent", () => {
  expect(changedFields(form, form)).toEqual({});
  expect(changedFields(form, { ...form, tools: ["read_file"], features: { ...form.features, web_search: false } })).toEqual({
    tools: ["read_file"],
    config: { features: { ...form.features, web_search: false } },
  });
  expect(changedFields({ ...form, tools: ["read_file"] }, { ...form, tools: null, name: "Miller" })).toEqual({
    tools: null,
    name: "Miller",
  });
});

test("the level of thinking is part of the configuration, and none takes it away", () => {
  expect(creationOf(form).config).not.toHaveProperty("reasoning");
  expect(creationOf({ ...form, reasoning: "high" })).toMatchObject({ config: { reasoning: "high" } });
  expect(changedFields({ ...form, reasoning: "high" }, form)).toEqual({ config: { reasoning: null } });
  expect(changedFields(form, { ...form, reasoning: "low", features: { ...form.features, subagents: false } }).config).toEqual({
    features: { ...form.features, subagents: false },
    reasoning: "low",
  });
});

test("what is missing is shown by field", () => {
  expect(Object.keys(faultsOf(emptyForm("")))).toEqual(["name", "description", "system_prompt"]);
  expect(faultsOf(form)).toEqual({});
});

test("a price is sent with what it is for", () => {
  expect(changedFields(form, { ...form, pricing_type: "monthly", price: "4.5", source_type: "closed" })).toEqual({
    pricing_type: "monthly",
    price_cents: 450,
    source_type: "closed",
  });
  expect(faultsOf({ ...form, pricing_type: "one_time", price: "0.2" })).toHaveProperty("price");
});

test("tags and features are typed with commas, and each is sent once", () => {
  const typed = { ...form, tags: "bread, cake,, bread", highlights: "Knows yeast", long_description: "# Bread" };
  expect(creationOf(typed)).toMatchObject({ tags: ["bread", "cake"], features: ["Knows yeast"], long_description: "# Bread" });
  expect(changedFields(form, typed)).toEqual({ tags: ["bread", "cake"], features: ["Knows yeast"], long_description: "# Bread" });
  expect(changedFields(typed, { ...typed, long_description: " " })).toEqual({ long_description: null });
  expect(faultsOf({ ...form, tags: Array.from({ length: 21 }, (_, n) => `t${n}`).join() })).toEqual({ tags: "Enter at most 20 tags." });
});
