import type { Board, BoardColumn, Card } from "@tesslate/contract";
import { describe, expect, test } from "vitest";
import {
  cardsOf,
  dropPosition,
  isFull,
  matches,
  moveCard,
  moveColumn,
  noFilter,
  patchCard,
  putCard,
  putColumn,
  removeCard,
  removeColumn,
  stepPosition,
} from "./board.ts";

const card = (id: string, column_id: string, position: number, more: Partial<Card> = {}) =>
  ({
    id,
    column_id,
    position,
    ref_number: 7,
    title: id,
    description: null,
    priority: null,
    task_type: null,
    tags: null,
    assignee: null,
    ...more,
  }) as Card;
const column = (id: string, position: number, ids: string, more: Partial<BoardColumn> = {}) =>
  ({ id, name: id, position, task_limit: null, tasks: [...ids].map((c, i) => card(c, id, i)), ...more }) as BoardColumn;
const board = { columns: [column("x", 0, "abcd"), column("y", 1, "ef"), column("z", 2, "")] } as unknown as Board;
/** Columns as text, and a check that every card knows its place. */
const shape = (b: Board) => {
  b.columns.forEach((c, i) => {
    expect(c.position).toBe(i);
    c.tasks.forEach((t, j) => expect([t.id, t.position, t.column_id]).toEqual([t.id, j, c.id]));
  });
  return b.columns.map((c) => `${c.id}:${c.tasks.map((t) => t.id).join("")}`).join(" ");
};

test.each([
  [moveCard(board, "a", "x", 2), "x:bcad y:ef z:"],
  [moveCard(board, "d", "x", 0), "x:dabc y:ef z:"],
  [moveCard(board, "b", "y", 1), "x:acd y:ebf z:"],
  [moveCard(board, "b", "z", 99), "x:acd y:ef z:b"],
  [moveCard(board, "gone", "y", 0), "x:abcd y:ef z:"],
  [moveCard(board, "a", "gone", 0), "x:abcd y:ef z:"],
  [moveCard(moveCard(board, "a", "y", 0), "a", "y", 0), "x:bcd y:aef z:"],
  [removeCard(board, "b"), "x:acd y:ef z:"],
  [putCard(board, card("n", "y", 1)), "x:abcd y:enf z:"],
  [putCard(board, card("a", "y", 9)), "x:bcd y:efa z:"],
  [patchCard(board, "a", { title: "T" }), "x:abcd y:ef z:"],
  [moveColumn(board, "z", 0), "z: x:abcd y:ef"],
  [putColumn(board, column("n", 1, "")), "x:abcd n: y:ef z:"],
  [removeColumn(board, "x", "y"), "y:efabcd z:"],
  [removeColumn(board, "x"), "y:ef z:"],
])("change %#", (changed, expected) => {
  expect(shape(changed)).toBe(expected);
  expect(shape(board)).toBe("x:abcd y:ef z:");
});

describe("a drop while only some cards are visible", () => {
  const x = board.columns[0] as BoardColumn;
  const isVisible = (c: Card) => "bd".includes(c.id);
  test.each([
    // Beside a card it lands beside that card, whatever is hidden around it.
    ["e", { cardId: "d", edge: "top" }, "abced"],
    ["e", { cardId: "b", edge: "bottom" }, "abecd"],
    ["b", { cardId: "d", edge: "bottom" }, "acdb"],
    ["d", { cardId: "b", edge: "top" }, "adbc"],
    ["b", { cardId: "b", edge: "bottom" }, "abcd"],
    ["b", { cardId: "gone", edge: "top" }, "acdb"],
    ["e", undefined, "abcde"],
  ] as const)("%s at %j", (id, at, expected) => {
    const position = dropPosition(x, id, isVisible, at);
    expect(
      cardsOf(moveCard(board, id, "x", position))
        .filter((c) => c.column_id === "x")
        .map((c) => c.id)
        .join(""),
    ).toBe(expected);
  });
  test("on the column itself it lands behind the last visible card, or at the end when none is", () => {
    expect(dropPosition(x, "e", (c) => c.id === "b")).toBe(2);
    expect(dropPosition(x, "e", () => false)).toBe(4);
    expect(dropPosition(board.columns[2] as BoardColumn, "e", () => true)).toBe(0);
  });
  test("a step goes past the next visible card", () => {
    expect(stepPosition(x, "b", isVisible, 1)).toBe(3);
    expect(stepPosition(x, "d", isVisible, -1)).toBe(1);
    expect(stepPosition(x, "b", isVisible, -1)).toBeUndefined();
  });
});

test("a column is full for newcomers only", () => {
  const limited = column("l", 0, "ab", { task_limit: 2 });
  expect([isFull(limited), isFull(limited, "a"), isFull(limited, "z"), isFull(column("o", 0, "ab"), "z")]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

test.each([
  [{ text: "tsk-0007" }, true],
  [{ text: "bake bread" }, true],
  [{ text: "bake cake" }, false],
  [{ text: "oven" }, true],
  [{ priority: "high" }, true],
  [{ priority: "low" }, false],
  [{ type: "bug", tag: "kitchen" }, true],
  [{ tag: "kit" }, false],
  [{ assignee: "none" }, false],
  [{ assignee: "u1" }, true],
])("the filter %j: %s", (filter, expected) => {
  const one = card("a", "x", 0, {
    title: "Bake the bread",
    description: "in the Oven",
    priority: "high",
    task_type: "bug",
    tags: ["kitchen"],
    assignee: { id: "u1", name: "Nadia", username: "nadia" },
  });
  expect(matches(one, { ...noFilter, ...filter })).toBe(expected);
});
