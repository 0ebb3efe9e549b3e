import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import App from "@/App";
import { Providers } from "@/components/providers";

function open(path: string) {
  window.history.pushState(null, "", path);
  render(
    <Providers>
      <App />
    </Providers>,
  );
}

test("the first page has a heading", () => {
  open("/");
  expect(screen.getByRole("heading", { level: 1 })).toBeInTheDocument();
});

test("an unknown address leads back to the first page", async () => {
  open("/no-such-page");
  expect(screen.getByRole("heading", { name: "Page not found" })).toBeInTheDocument();
  await userEvent.click(screen.getByRole("link", { name: "Go to the first page" }));
  expect(window.location.pathname).toBe("/");
});

test("the chosen theme is applied and remembered", async () => {
  open("/");
  await userEvent.click(screen.getByRole("button", { name: "Theme" }));
  await userEvent.click(await screen.findByRole("menuitemradio", { name: "Dark" }));
  expect(document.documentElement).toHaveClass("dark");
  expect(localStorage.getItem("theme")).toBe("dark");
});
