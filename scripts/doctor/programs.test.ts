import { expect, test } from "vitest";
import { programsOf } from "./programs.ts";

const namesOf = (...[driver, needsPasta = false]: [Parameters<typeof programsOf>[0], boolean?]) =>
  programsOf(driver, { nft: "nft", needsPasta }).map(({ name }) => name);

test("on this machine sandboxes need their programs", () => {
  expect(namesOf("sandbox")).toEqual(["git", "ripgrep", "bubblewrap", "iproute2", "nftables", "python"]);
  expect(namesOf("sandbox", true)).toContain("passt");
});

test("with pods or a runner nothing is asked for that this machine does not use", () => {
  expect(namesOf("kubernetes", true)).toEqual(["git", "ripgrep", "python"]);
  expect(namesOf("remote", true)).toEqual(["git"]);
});
