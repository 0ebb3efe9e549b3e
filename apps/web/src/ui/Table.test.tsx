import { useState } from "react";
import { vi } from "vitest";
import { expect, expectAccessible, screen, test, within } from "../testing/index.ts";
import { Table, type Column, type Sorting } from "./Table.tsx";

interface Loaf {
  id: string;
  name: string;
  price: number;
}
const loaves: Loaf[] = [
  { id: "rye", name: "Rye", price: 5 },
  { id: "spelt", name: "Spelt", price: 7 },
];
const columns: Column<Loaf>[] = [
  { id: "name", head: "Name", sort: "name", isGreedy: true, cell: ({ name }) => name },
  { id: "price", head: "Price", sort: "price_cents", isFigure: true, isWideOnly: true, cell: ({ price }) => `$${price}` },
  { id: "actions", head: "Actions", isHeadHidden: true, cell: ({ name }) => <button type="button">Bake {name}</button> },
];
const keyOf = ({ id }: Loaf) => id;
const cells = () =>
  screen.getAllByRole("row").map((row) =>
    within(row)
      .queryAllByRole("cell")
      .map(({ textContent }) => textContent),
  );

test("shows its columns and rows, in the order in which they are given", async ({ show }) => {
  show(<Table label="Loaves" columns={columns} rows={loaves} keyOf={keyOf} />);
  await screen.findByRole("table", { name: "Loaves" });
  expect(screen.getAllByRole("columnheader").map(({ textContent }) => textContent)).toEqual(["Name", "Price", "Actions"]);
  expect(cells().slice(1)).toEqual([
    ["Rye", "$5", "Bake Rye"],
    ["Spelt", "$7", "Bake Spelt"],
  ]);
  await expectAccessible();
});

test("a head sorts descending, ascending, then not at all; others cannot be sorted", async ({ show, user }) => {
  const onSort = vi.fn();
  function Sorted() {
    const [sorting, setSorting] = useState<Sorting>();
    const onSorting = (next: Sorting | undefined) => {
      onSort(next);
      setSorting(next);
    };
    return <Table columns={columns} rows={loaves} keyOf={keyOf} sorting={sorting} onSorting={onSorting} />;
  }
  show(<Sorted />);
  const price = await screen.findByRole("button", { name: "Price" });
  const head = screen.getByRole("columnheader", { name: "Price" });
  await user.click(price);
  expect(head).toHaveAttribute("aria-sort", "descending");
  expect(price).toHaveAttribute("aria-pressed", "true");
  await user.click(price);
  expect(head).toHaveAttribute("aria-sort", "ascending");
  await user.click(price);
  expect(head).not.toHaveAttribute("aria-sort");
  await user.click(screen.getByRole("button", { name: "Name" }));
  expect(onSort.mock.calls).toEqual([
    [{ by: "price_cents", isDescending: true }],
    [{ by: "price_cents", isDescending: false }],
    [undefined],
    [{ by: "name", isDescending: true }],
  ]);
  expect(screen.queryByRole("button", { name: "Actions" })).toBeNull();
});

test("the first cell opens its row and says which one is open", async ({ show, user }) => {
  const onOpen = vi.fn();
  show(<Table columns={columns} rows={loaves} keyOf={keyOf} onOpen={onOpen} openKey="spelt" />);
  await user.click(await screen.findByRole("button", { name: "Rye" }));
  expect(onOpen).toHaveBeenCalledWith(loaves[0]);
  expect(screen.getByRole("button", { name: "Spelt" })).toHaveAttribute("aria-expanded", "true");
  expect(screen.getByRole("button", { name: "Rye" })).toHaveAttribute("aria-expanded", "false");
});

test("on a phone, columns for wide screens are left out", async ({ show }) => {
  const matches = vi
    .spyOn(window, "matchMedia")
    .mockImplementation(
      (media) =>
        ({ media, matches: media.includes("640px"), addEventListener: () => undefined, removeEventListener: () => undefined }) as never,
    );
  show(<Table columns={columns} rows={loaves} keyOf={keyOf} />);
  await screen.findByRole("table");
  expect(cells()[1]).toEqual(["Rye", "Bake Rye"]);
  matches.mockRestore();
});

test("placeholders while rows load; a failure or an empty state in place of the table", async ({ show }) => {
  show(
    <>
      <Table label="Loading" columns={columns} rows={undefined} keyOf={keyOf} />
      <Table label="Empty" columns={columns} rows={[]} keyOf={keyOf} empty={<p>No loaves yet</p>} />
      <Table label="Failed" columns={columns} rows={undefined} keyOf={keyOf} failure={<p>Couldn't load loaves</p>} />
    </>,
  );
  expect(within(await screen.findByRole("table", { name: "Loading" })).getAllByRole("row")).toHaveLength(13);
  expect(screen.getByText("No loaves yet")).toBeVisible();
  expect(screen.getByText("Couldn't load loaves")).toBeVisible();
  expect(screen.getAllByRole("table")).toHaveLength(1);
});

test("rows are selected one by one or all together; columns can be left out", async ({ show, user }) => {
  const Selectable = () => {
    const [keys, setKeys] = useState<ReadonlySet<string>>(new Set());
    return (
      <Table
        label="Loaves"
        columns={columns}
        rows={loaves}
        keyOf={keyOf}
        hidden={new Set(["price"])}
        selection={{
          keys,
          labelOf: ({ name }) => `Select ${name}`,
          onChange: (rows, isSelected) =>
            setKeys((before) => {
              const next = new Set(before);
              for (const { id } of rows) {
                if (isSelected) next.add(id);
                else next.delete(id);
              }
              return next;
            }),
        }}
      />
    );
  };
  show(<Selectable />);
  const all = await screen.findByRole("checkbox", { name: "Select all rows" });
  await user.click(screen.getByRole("checkbox", { name: "Select Rye" }));
  expect(all).toHaveAttribute("data-state", "indeterminate");
  await user.click(all);
  expect(screen.getByRole("checkbox", { name: "Select Spelt" })).toBeChecked();
  await user.click(all);
  expect(screen.getByRole("checkbox", { name: "Select Rye" })).not.toBeChecked();
  expect(screen.queryByRole("columnheader", { name: "Price" })).toBeNull();
  await expectAccessible();
});
