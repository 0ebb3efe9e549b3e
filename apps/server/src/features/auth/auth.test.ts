import { expect, test } from "vitest";
import { testApp } from "../../testing/app.ts";

test("a person registers, signs in and is known", async () => {
  await using app = await testApp();
  const ada = await app.signUp({ name: "Ada" });
  expect(await app.as(ada).users.me()).toMatchObject({ id: ada.id, name: "Ada", is_superuser: false });
  expect((await app.request("/ready")).status).toBe(200);
});
