import type { PreparationItem } from "@tesslate/contract";
import { expect, test } from "vitest";
import { failedNames, summaryOf } from "./preparation.ts";

const template = (name: string, state: PreparationItem["state"]): PreparationItem => ({ id: name, kind: "template", name, state });
const browser = (state: PreparationItem["state"]): PreparationItem => ({ id: "browser", kind: "browser", name: "Chromium", state });

test("the template that is prepared, among those that are prepared ahead", () => {
  const items = [
    template("React", "ready"),
    browser("waiting"),
    template("Vue", "preparing"),
    template("Go", "waiting"),
    template("PHP", "off"),
  ];
  expect(summaryOf(items)).toEqual({ text: "Preparing templates: Vue, 2 of 3", share: 0.5 });
});
test("the browser, while no template is prepared", () => {
  expect(summaryOf([template("React", "ready"), browser("preparing"), template("Go", "waiting")])).toEqual({
    text: "Installing Chromium, in which the agent checks apps",
    share: undefined,
  });
});
test("nothing when nothing is prepared", () => {
  const items = [template("React", "failed"), template("Vue", "off"), browser("ready")];
  expect(summaryOf(items)).toBeUndefined();
  expect(failedNames(items)).toEqual(["React"]);
});
