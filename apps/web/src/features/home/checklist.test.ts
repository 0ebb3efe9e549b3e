import { expect, test } from "vitest";
import { checklist, type Facts } from "./checklist.ts";

const started: Facts["projects"][number] = { id: "p", status: "running", stop_reason: null, thumbnail: null };
const live = new Map([["p", { live_version: 3 }]]);
const all: Facts = { isModelConfigured: true, isDemo: false, projects: [started], histories: live, inviteVisits: 1 };
const open = (facts: Partial<Facts>) =>
  checklist({ ...all, ...facts })
    .filter((step) => !step.isDone)
    .map((step) => step.id);

test("who has done everything has nothing left to do", () => expect(open({})).toEqual([]));
test("a new account has all of it before it", () =>
  expect(open({ isModelConfigured: false, projects: [], histories: new Map(), inviteVisits: 0 })).toEqual([
    "model",
    "project",
    "preview",
    "deploy",
    "invite",
  ]));
test("each thing that is missing is a step", () => {
  expect(open({ isModelConfigured: false })).toEqual(["model"]);
  expect(open({ projects: [{ ...started, status: "creating" }] })).toEqual(["preview"]);
  expect(open({ histories: new Map([["p", { live_version: null }]]) })).toEqual(["deploy"]);
  expect(open({ inviteVisits: 0 })).toEqual(["invite"]);
});
test.each([{ stop_reason: "idle" as const }, { thumbnail: { light: "/l", dark: "/d", updated_at: "2026-01-01T00:00:00Z" } }])(
  "an app that ran before was seen in the preview: %j",
  (fact) => expect(open({ projects: [{ ...started, status: "stopped", ...fact }] })).toEqual([]),
);
test("the scripted demo is no model", () => expect(open({ isDemo: true })).toEqual(["model"]));
