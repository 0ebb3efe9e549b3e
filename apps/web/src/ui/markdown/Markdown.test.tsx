import { useState } from "react";
import { expect, screen, test } from "../../testing/index.ts";
import { Markdown } from "./Markdown.tsx";
import { toggledTask } from "./tasks.ts";

function Notes() {
  const [text, setText] = useState("# Plan\n\n- [ ] prices\n- [x] ovens\n");
  const toggle = (index: number) => {
    const change = toggledTask(text, index);
    if (change) setText(text.slice(0, change.at) + change.insert + text.slice(change.at + 1));
  };
  return <Markdown text={text} onTask={toggle} />;
}

test("tasks are checkboxes, which are pressed with the pointer and by keyboard and keep the focus", async ({ show, user }) => {
  show(<Notes />);
  const task = (name: string) => screen.getByRole("checkbox", { name });
  expect(await screen.findByRole("checkbox", { name: "prices" })).not.toBeChecked();
  expect(task("ovens")).toBeChecked();
  await user.click(task("prices"));
  expect(task("prices")).toBeChecked();
  expect(task("prices")).toHaveFocus();
  await user.keyboard(" ");
  expect(task("prices")).not.toBeChecked();
  expect(task("ovens")).toBeChecked();
});

test("tasks of an agent are only shown, and an input in its text is text", async ({ show }) => {
  show(<Markdown text={'- [x] done\n\n<input type="checkbox" name="evil">'} />);
  expect(await screen.findByRole("checkbox", { name: "done" })).toBeDisabled();
  expect(screen.getAllByRole("checkbox")).toHaveLength(1);
});
