import { expect, test } from "vitest";
import { groupsOf, type PaletteItem } from "./palette.ts";

const item = (id: string): PaletteItem => ({ id, title: id, run: () => undefined });

test("one heading is one group, however many sources answer under it", () => {
  const groups = groupsOf([
    { heading: "This project", items: [item("stop")] },
    { heading: "Files", items: [] },
    { heading: "Projects", items: [item("bakery")] },
    { heading: "This project", items: [item("copy")] },
  ]);
  expect(groups.map(({ heading, items }) => [heading, ...items.map(({ id }) => id)])).toEqual([
    ["This project", "stop", "copy"],
    ["Projects", "bakery"],
  ]);
});
