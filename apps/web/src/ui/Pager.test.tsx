import { useState } from "react";
import { expect, screen, test } from "../testing/index.ts";
import { Pager } from "./Pager.tsx";

/** A list of `total` rows, 25 on a page. */
function Listed({ total, start = 1 }: { total: number; start?: number }) {
  const [page, setPage] = useState(start);
  const items = Array.from({ length: Math.max(0, Math.min(25, total - (page - 1) * 25)) }, (_, index) => index);
  return (
    <>
      <h1>Page {page}</h1>
      <Pager list={{ items, total, total_pages: Math.ceil(total / 25) }} page={page} perPage={25} onPage={setPage} />
    </>
  );
}

test("shows which rows are on the page, and the buttons are disabled at the ends", async ({ show, user }) => {
  show(<Listed total={1234} start={49} />);
  const pages = await screen.findByRole("navigation", { name: "Pages" });
  expect(pages).toHaveTextContent("1,201–1,225 of 1,234");
  await user.click(screen.getByRole("button", { name: "Next page" }));
  expect(pages).toHaveTextContent("1,226–1,234 of 1,234");
  expect(screen.getByRole("button", { name: "Next page" })).toBeDisabled();
  expect(screen.getByRole("button", { name: "Previous page" })).toBeEnabled();
});

test("a page past the end leads back to the last one", async ({ show, user }) => {
  show(<Listed total={30} start={4} />);
  expect(await screen.findByRole("navigation")).toHaveTextContent("0 of 30");
  await user.click(screen.getByRole("button", { name: "Previous page" }));
  expect(screen.getByRole("heading")).toHaveTextContent("Page 2");
  await user.click(screen.getByRole("button", { name: "Previous page" }));
  expect(screen.getByRole("button", { name: "Previous page" })).toBeDisabled();
});

test("one page needs no pager", async ({ show }) => {
  show(<Listed total={25} />);
  await screen.findByRole("heading");
  expect(screen.queryByRole("navigation")).toBeNull();
});
