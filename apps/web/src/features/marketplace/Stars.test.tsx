import { expect, screen, test } from "../../testing/index.ts";
import { Rating } from "./Stars.tsx";

test("a rating says how many gave it; without reviews it says so", async ({ show }) => {
  show(
    <>
      <Rating rating={4.25} count={3} />
      <Rating rating={null} count={0} />
    </>,
  );
  expect(await screen.findByText("4.3")).toBeVisible();
  expect(screen.getByTitle("3 reviews")).toHaveTextContent("4.3of 5, from (3)");
  expect(screen.getByText("No ratings yet")).toBeVisible();
});
