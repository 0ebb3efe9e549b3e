import { expect, test } from "vitest";
import { countPods } from "./pod-counts.ts";

test("pods are counted by state and image, most first, and workloads without one are suspended", () => {
  const pod = (image: string, more: { isRunning?: boolean; isEnding?: boolean } = {}) => ({
    image,
    isRunning: true,
    isEnding: false,
    ...more,
  });
  const pods = [
    pod("studio:2"),
    pod("studio:1"),
    pod("studio:1"),
    pod("studio:2", { isRunning: false }),
    pod("studio:1", { isEnding: true }),
  ];
  expect(countPods(pods, 3)).toEqual([
    { state: "running", image: "studio:1", count: 2 },
    { state: "running", image: "studio:2", count: 1 },
    { state: "starting", image: "studio:2", count: 1 },
    { state: "ending", image: "studio:1", count: 1 },
    { state: "suspended", image: undefined, count: 3 },
  ]);
  expect(countPods([], 0)).toEqual([]);
});
