import { describe } from "vitest";
import { counted } from "../lib/counted.ts";
import { expect, expectAccessible, screen, test, waitFor, within } from "../testing/index.ts";
import { axisEnd, BarChart, type BarPoint } from "./BarChart.tsx";

const points: BarPoint[] = [
  { label: "Mar 12", value: 3 },
  { label: "Mar 13", value: 0 },
  { label: "Mar 14", tick: "Today", value: 12 },
];
const chart = (more: { isTabulated?: boolean; upcoming?: string[] } = {}) => (
  <BarChart label="New users, by day" heads={["Day", "New users"]} points={points} format={(value) => counted(value, "user")} {...more} />
);
const cursor = () => screen.findByRole("slider", { name: "New users, by day" });

describe("a bar chart", () => {
  test("is a table for screen readers", async ({ show }) => {
    show(chart());
    const table = await screen.findByRole("table", { name: "New users, by day" });
    expect(
      within(table)
        .getAllByRole("row")
        .map((row) => row.textContent),
    ).toEqual(["DayNew users", "Mar 123 users", "Mar 130 users", "Mar 1412 users"]);
    await expectAccessible();
  });

  test("adds no table where the values are in one already", async ({ show }) => {
    show(chart({ isTabulated: true }));
    await cursor();
    expect(screen.queryByRole("table")).toBeNull();
    await expectAccessible();
  });

  test("has an axis with round numbers, and the first and last day below the bars", async ({ show }) => {
    show(chart());
    await cursor();
    expect(screen.getAllByText("20").length).toBeGreaterThan(0);
    expect(screen.getByText("10")).toBeInTheDocument();
    expect(screen.getByText("Today")).toBeInTheDocument();
  });

  test("has room for what is to come", async ({ show }) => {
    show(chart({ upcoming: ["Mar 15", "Mar 16"] }));
    await cursor();
    expect(screen.getByText("Mar 16")).toBeInTheDocument();
    expect(screen.queryByText("Today")).toBeNull();
  });

  test("shows the value of the bar that arrow keys lead to", async ({ show, user }) => {
    show(chart());
    const slider = await cursor();
    await user.tab();
    expect(slider).toHaveFocus();
    expect(slider).toHaveAttribute("aria-valuetext", "Mar 14: 12 users");
    await user.keyboard("{ArrowLeft}");
    expect(slider).toHaveAttribute("aria-valuetext", "Mar 13: 0 users");
    expect(screen.getByText("Mar 13: 0 users")).toBeVisible();
    await user.keyboard("{Home}{ArrowLeft}");
    expect(slider).toHaveAttribute("aria-valuetext", "Mar 12: 3 users");
    await user.keyboard("{End}{ArrowRight}");
    expect(slider).toHaveAttribute("aria-valuetext", "Mar 14: 12 users");
    await user.tab();
    await waitFor(() => expect(screen.queryByText("Mar 14: 12 users")).toBeNull());
  });

  test("shows the value of the bar under the pointer", async ({ show, user }) => {
    show(chart());
    const slider = await cursor();
    slider.getBoundingClientRect = () => new DOMRect(0, 0, 300, 72);
    await user.pointer({ target: slider, coords: { clientX: 20, clientY: 10 } });
    expect(await screen.findByText("Mar 12: 3 users")).toBeVisible();
    await user.unhover(slider);
    await waitFor(() => expect(screen.queryByText("Mar 12: 3 users")).toBeNull());
  });

  test.each([
    [0, 1],
    [1, 1],
    [3, 4],
    [12, 20],
    [81, 100],
    [450, 600],
  ])("the axis of values up to %i ends at %i", (highest, end) => expect(axisEnd(highest)).toBe(end));
});
