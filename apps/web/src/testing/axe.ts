import axe from "axe-core";
import { expect } from "vitest";

/** No serious finding of axe in what is shown; colours and sizes need a browser, and are looked at by the journeys. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document.body, {
    resultTypes: ["violations"],
    // What hides behind a dialog depends on positions.
    rules: Object.fromEntries(["color-contrast", "region", "target-size", "aria-hidden-focus"].map((rule) => [rule, { enabled: false }])),
    preload: false,
  });
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => `${id} at ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`)).toEqual([]);
}
