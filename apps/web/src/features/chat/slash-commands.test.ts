import { expect, test } from "vitest";
import { nextMode } from "../../lib/edit-modes.ts";
import { moved } from "../../ui/use-reorder.ts";
import { planCounts } from "./plan-counts.ts";
import { matchingCommands } from "./slash-commands.ts";

const commands = ["plan", "ask", "new"].map((name) => ({ name, hint: "", run: () => undefined }));

test.each([
  ["/", ["plan", "ask", "new"]],
  ["/P", ["plan"]],
  ["/plan", ["plan"]],
  ["/plan the page", undefined],
  ["/etc/hosts", undefined],
  ["/x", undefined],
  [" /plan", undefined],
  ["", undefined],
])("%j offers %j", (draft, expected) => {
  expect(matchingCommands(draft, commands)?.map((command) => command.name)).toEqual(expected);
});

test.each([
  ["c", "a", "cab"],
  ["a", null, "bca"],
  ["a", "a", "abc"],
  ["a", "gone", "bca"],
  ["gone", "a", "abc"],
])("%s before %s: %s", (id, before, expected) => {
  const list = [..."abc"].map((letter) => ({ id: letter }));
  expect(
    moved(list, id, before)
      .map((item) => item.id)
      .join(""),
  ).toBe(expected);
});

test("what is left to build", () => {
  const step = (status: "pending" | "in_progress" | "completed", is_included = true) => ({ id: "s", step: "S", status, is_included });
  expect(planCounts([step("completed"), step("in_progress"), step("pending"), step("pending", false)])).toEqual({
    included: 3,
    done: 1,
    toDo: 2,
  });
});

test("the shortcut never leads to the mode that does not ask", () => {
  expect((["ask", "allow", "plan"] as const).map(nextMode)).toEqual(["plan", "plan", "ask"]);
});
