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

test("a reply that grows ends as the same text shown at once", async ({ show, user }) => {
  const reply =
    "Slots **work**.\n\n| slot | places |\n|---|---|\n| 07:30 | 2 |\n\n- [ ] `paid` counts\n- [the plan](https://example.org)\n\nDone *now*.";
  function Growing() {
    const [length, setLength] = useState(0);
    return (
      <>
        <button type="button" onClick={() => setLength(length + 4)}>
          More
        </button>
        <section aria-label="Grown">
          <Markdown text={reply.slice(0, length)} isStreaming={length < reply.length} />
        </section>
        <section aria-label="At once">
          <Markdown text={reply} />
        </section>
      </>
    );
  }
  show(<Growing />);
  const more = await screen.findByRole("button", { name: "More" });
  for (let length = 0; length < reply.length; length += 4) await user.click(more);
  expect(screen.getByRole("region", { name: "Grown" }).innerHTML).toBe(screen.getByRole("region", { name: "At once" }).innerHTML);
  expect(screen.getAllByRole("cell", { name: "07:30" })).toHaveLength(2);
});
