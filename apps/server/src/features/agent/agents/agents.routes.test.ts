import { expect, test } from "vitest";
import { testApp } from "../../../testing/app.ts";

test("the routes list the tool catalogue and the caller's library", async () => {
  await using app = await testApp();
  const ada = app.as(await app.signUp({ name: "Ada" }));
  const tools = await ada.agents.tools({ query: { limit: 500 } });
  expect(tools.total).toBe(tools.items.length);
  const of = (name: string) => tools.items.find((tool) => tool.name === name);
  expect(of("write_file")).toMatchObject({
    category: "file_operations",
    needs_approval: true,
    plan_blocked: true,
    feature: null,
    view: "any",
    parameters: { type: "object" },
  });
  expect(of("web_fetch")).toMatchObject({ feature: "web_search" });
  expect(of("invoke_subagent")).toMatchObject({ needs_approval: false, feature: "subagents" });
  expect((await ada.agents.tools({ query: { limit: 2, page: 2 } })).items.map((tool) => tool.name)).toEqual(
    tools.items.slice(2, 4).map((tool) => tool.name),
  );
  const library = await ada.library.agents({ query: {} });
  expect(library).toMatchObject({
    total: 1,
    items: [
      {
        slug: "tesslate-agent",
        is_enabled: true,
        is_custom: false,
        creator_type: "official",
        selected_model: null,
        is_admin_disabled: false,
      },
    ],
  });
  expect(library.items[0]!.system_prompt).toContain("Tesslate Studio");
  await expect(app.as().agents.tools({ query: {} })).rejects.toMatchObject({ status: 401 });
  await expect(app.as().library.agents({ query: {} })).rejects.toMatchObject({ status: 401 });
  await expect(ada.agents.tools({ query: { limit: 501 } })).rejects.toMatchObject({ status: 422 });
});
