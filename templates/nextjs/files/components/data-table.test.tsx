import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { DataTable, type DataTableColumn } from "@/components/data-table";

interface City {
  name: string;
  people: number;
}
const columns: DataTableColumn<City>[] = [
  { accessorKey: "name", header: "Name" },
  { accessorKey: "people", header: "People" },
];
const data = [
  { name: "Oslo", people: 717 },
  { name: "Bergen", people: 291 },
  { name: "Tromsø", people: 78 },
];
const names = () =>
  screen
    .getAllByRole("row")
    .slice(1)
    .map((row) => within(row).getAllByRole("cell")[0]?.textContent);

test("sorts, searches and pages", async () => {
  render(<DataTable columns={columns} data={data} caption="Cities" searchLabel="Search cities" pageSize={2} />);
  expect(names()).toEqual(["Oslo", "Bergen"]);
  await userEvent.click(screen.getByRole("button", { name: "Next page" }));
  expect(names()).toEqual(["Tromsø"]);
  await userEvent.click(screen.getByRole("button", { name: "Name" }));
  expect(names()).toEqual(["Bergen", "Oslo"]);
  expect(screen.getByRole("columnheader", { name: "Name" })).toHaveAttribute("aria-sort", "ascending");
  await userEvent.type(screen.getByRole("searchbox", { name: "Search cities" }), "tro");
  expect(names()).toEqual(["Tromsø"]);
  await userEvent.type(screen.getByRole("searchbox"), "x");
  expect(screen.getByText("No results")).toBeInTheDocument();
});
