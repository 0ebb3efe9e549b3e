import { fireEvent } from "@testing-library/dom";
import { useState } from "react";
import { afterEach, beforeEach, vi } from "vitest";
import { expect, screen, test, waitFor } from "../testing/index.ts";
import { moved, useReorder } from "./use-reorder.ts";

const rowHeight = 20;
function Steps() {
  const [steps, setSteps] = useState(["a", "b", "c"].map((id) => ({ id })));
  const reorder = useReorder({
    ids: steps.map(({ id }) => id),
    nameOf: (id) => id,
    onMove: (id, before) => setSteps((last) => moved(last, id, before)),
  });
  return (
    <ol>
      {steps.map(({ id }) => (
        <li key={id} {...reorder.item(id)}>
          <button type="button" {...reorder.grip(id)}>
            {id}
          </button>
        </li>
      ))}
      <li role="status">{reorder.said}</li>
    </ol>
  );
}
const order = () => screen.getAllByRole("button").map((button) => button.textContent);
const row = (name: string) => screen.getByRole("button", { name }).closest("li") as HTMLElement;
const data = { types: [], items: [], setData: () => undefined, setDragImage: () => undefined };
/** jsdom has no layout: rows are one below another in the order of the page. */
const boxOf = (element: Element) =>
  new DOMRect(0, [...(element.parentElement?.children ?? [])].indexOf(element) * rowHeight, 100, rowHeight);

beforeEach(() => {
  vi.spyOn(Element.prototype, "getBoundingClientRect").mockImplementation(function (this: Element) {
    return boxOf(this);
  });
  vi.spyOn(document, "elementsFromPoint").mockImplementation((_, y) =>
    [...document.querySelectorAll("button")].slice(Math.floor(y / rowHeight)),
  );
});
afterEach(() => vi.restoreAllMocks());

const at = (element: Element, type: "dragStart" | "dragEnter" | "dragOver" | "drop" | "dragEnd", clientY: number) => {
  const event = new MouseEvent(type.toLowerCase(), { bubbles: true, cancelable: true, clientX: 5, clientY });
  Object.defineProperty(event, "dataTransfer", { value: data });
  fireEvent(element, event);
};

test("an item that is dragged below another follows it", async ({ show }) => {
  show(<Steps />);
  await screen.findByRole("list");
  at(row("a"), "dragStart", 10);
  at(row("b"), "dragEnter", 36);
  at(row("b"), "dragOver", 36);
  await waitFor(() => expect(row("b")).toHaveAttribute("data-edge", "bottom"));
  expect(row("a")).toHaveAttribute("data-dragged");
  at(row("b"), "drop", 36);
  at(row("a"), "dragEnd", 36);
  await waitFor(() => expect(order()).toEqual(["b", "a", "c"]));
  expect(screen.getByRole("status")).toHaveTextContent("a moved to position 2 of 3.");
  expect(row("b")).not.toHaveAttribute("data-edge");
});

test("a drag that is cancelled moves nothing", async ({ show }) => {
  show(<Steps />);
  await screen.findByRole("list");
  at(row("c"), "dragStart", 50);
  at(row("a"), "dragEnter", 4);
  at(row("a"), "dragOver", 4);
  await waitFor(() => expect(row("a")).toHaveAttribute("data-edge", "top"));
  at(row("c"), "dragEnd", 4);
  await waitFor(() => expect(row("a")).not.toHaveAttribute("data-edge"));
  expect(order()).toEqual(["a", "b", "c"]);
});

test("the arrow keys move an item, which keeps the focus", async ({ show, user }) => {
  show(<Steps />);
  (await screen.findByRole("button", { name: "c" })).focus();
  await user.keyboard("{ArrowUp}");
  expect(order()).toEqual(["a", "c", "b"]);
  expect(screen.getByRole("button", { name: "c" })).toHaveFocus();
});
