import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { Providers } from "@/components/providers";
import Home from "./page";

test("the first page has a heading, and the chosen theme is applied and remembered", async () => {
  render(
    <Providers>
      <Home />
    </Providers>,
  );
  expect(screen.getByRole("heading", { level: 1 })).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Theme" }));
  await userEvent.click(await screen.findByRole("menuitemradio", { name: "Dark" }));
  expect(document.documentElement).toHaveClass("dark");
  expect(localStorage.getItem("theme")).toBe("dark");
});
