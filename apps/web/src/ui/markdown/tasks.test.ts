import { expect, test } from "vitest";
import { toggledTask } from "./tasks.ts";

const toggled = (text: string, index: number) => {
  const change = toggledTask(text, index);
  return change && text.slice(0, change.at) + change.insert + text.slice(change.at + 1);
};

test("the task at the index is checked or unchecked", () => {
  const text = "# Plan\n\n- [ ] prices\n  1. [x] ovens\n- flour\n\n> * [X] yeast\n\n+ [ ] salt\n";
  expect(toggled(text, 0)).toBe(text.replace("[ ] prices", "[x] prices"));
  expect(toggled(text, 1)).toBe(text.replace("[x] ovens", "[ ] ovens"));
  expect(toggled(text, 2)).toBe(text.replace("[X] yeast", "[ ] yeast"));
  expect(toggled(text, 3)).toBe(text.replace("[ ] salt", "[x] salt"));
  expect(toggled(text, 4)).toBeUndefined();
});

test("code is no task, and nothing is changed where the place is not certain", () => {
  const fence = "```\n- [ ] code\n```\n\n- [ ] task\n";
  expect(toggled(fence, 0)).toBe("```\n- [ ] code\n```\n\n- [x] task\n");
  expect(toggled("- [ ] task\n\n  ```\n  - [ ] code\n  ```\n", 0)).toBeUndefined();
});
