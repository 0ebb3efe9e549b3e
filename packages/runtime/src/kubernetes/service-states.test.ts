import { expect, test } from "vitest";
import { createMemoryDriver } from "../memory/driver.ts";
import { memoryPrograms as programs } from "../memory/programs.fixture.ts";
import type { ServiceSpec } from "../types.ts";
import { createServiceStates } from "./service-states.ts";

const web: ServiceSpec = { name: "web", command: programs.serve(4100, "up"), cwd: ".", env: {}, port: 4100 };
/** A sandbox of the next pod, whose runner calls services stopped that ended with the last one. */
async function nextSandbox() {
  const sandbox = await createMemoryDriver().open({ id: "shop" });
  await sandbox.start(web);
  await sandbox.stop("web");
  return sandbox;
}

test("services that ran when their pod was lost have failed until they are started again", async () => {
  const states = createServiceStates([]);
  const seen: string[] = [];
  states.onState(({ status }) => seen.push(status));
  const first = await createMemoryDriver().open({ id: "shop" });
  await states.follow(first);
  await first.start(web);
  await first.ready("web");
  expect(seen.at(-1)).toBe("running");

  states.unfollow();
  states.lose();
  const next = await nextSandbox();
  await states.follow(next);
  expect(seen.at(-1)).toBe("failed");
  expect(states.learn(await next.services())).toMatchObject([{ name: "web", status: "failed" }]);

  await next.start(web);
  await next.ready("web");
  expect(seen.at(-1)).toBe("running");
  await next.stop("web");
  expect(seen.at(-1)).toBe("stopped");
});

test("services that a person stops after their pod was lost are stopped", async () => {
  const states = createServiceStates([{ name: "web", status: "running" }]);
  states.lose();
  await states.follow(await nextSandbox());
  expect(states.all()).toMatchObject([{ name: "web", status: "failed" }]);
  states.stopped(undefined);
  expect(states.all()).toMatchObject([{ name: "web", status: "stopped" }]);
});

test("services that had ended before their pod was lost stay as they were", async () => {
  const states = createServiceStates([{ name: "web", status: "stopped" }]);
  states.lose();
  await states.follow(await nextSandbox());
  expect(states.all()).toMatchObject([{ name: "web", status: "stopped" }]);
});
