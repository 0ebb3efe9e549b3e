import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { moveOfKey, nearestStop, stepGrip, type GripMove, type GripStop } from "./grip.ts";
import { Thread, ThreadItem } from "./Thread.tsx";
import type { ThreadPoint } from "./thread.types.ts";

const stops: GripStop[] = [
  { id: "m1", label: "message, 11:02", isMessage: true },
  { id: "c12", label: "checkpoint c12, 11:05" },
  { id: "m2", label: "message, 11:10", isMessage: true },
  { id: "c13", label: "checkpoint c13, 11:12" },
  { id: null, label: "now" },
];

describe("stepGrip", () => {
  test.each<[GripMove, number, number]>([
    ["back", 4, 3],
    ["back", 0, 0],
    ["forward", 3, 4],
    ["forward", 4, 4],
    ["first", 4, 0],
    ["last", 1, 4],
    ["message-back", 4, 2],
    ["message-back", 2, 0],
    ["message-back", 0, 0],
    ["message-forward", 0, 2],
    ["message-forward", 2, 4],
  ])("%s from %i goes to %i", (move, from, to) => expect(stepGrip(stops, from, move)).toBe(to));
  test("keys", () => {
    expect(["ArrowUp", "ArrowRight", "Home", "End", "PageUp", "PageDown", "x"].map(moveOfKey)).toEqual([
      "back",
      "forward",
      "first",
      "last",
      "message-back",
      "message-forward",
      undefined,
    ]);
  });
});

describe("nearestStop", () => {
  test.each([
    [[0, 50, 100], 60, 1],
    [[0, 50, 100], -20, 0],
    [[0, 50, 100], 500, 2],
    [[Number.NaN, 50, 100], 0, 1],
    [[0, 100, 100], 100, 2],
  ])("%j at %i is %i", (positions, pointer, index) => expect(nearestStop(positions, pointer)).toBe(index));
});

describe("markup", () => {
  const points: ThreadPoint[] = [
    { id: "m1", kind: "message", label: "message, 11:02", canReturn: true },
    { id: "c13", kind: "checkpoint", label: "checkpoint c13, 11:12", canReturn: true },
    { id: "r9", kind: "live", label: "run r9, running", line: "live" },
  ];
  const noop = () => undefined;

  test("standing it is a list", () => {
    const html = renderToStaticMarkup(
      <Thread label="Transcript">
        <ThreadItem bead="message" edge="start">
          Hello
        </ThreadItem>
        <ThreadItem bead="live" line="live" edge="end" beadLabel="running" />
      </Thread>,
    );
    expect(html).toContain('<ol role="list" aria-label="Transcript">');
    expect(html).toContain('data-edge="start"');
    expect(html).toContain('role="img" aria-label="running"');
  });
  test("lying without a grip it is one picture with a name", () => {
    const html = renderToStaticMarkup(<Thread orientation="horizontal" points={points} label="Created, running" tail="next" />);
    expect(html).toContain('role="img" aria-label="Created, running"');
    expect(html.match(/class="bead"/g)).toHaveLength(3);
    expect(html).not.toContain("slider");
  });
  test("at now the slider says now; held it says the point and greys what lies after", () => {
    const grip = { value: null, onMove: noop, onCommit: noop };
    const atNow = renderToStaticMarkup(<Thread orientation="horizontal" points={points} label="History" grip={grip} />);
    expect(atNow).toContain('aria-valuetext="now"');
    expect(atNow).not.toContain("data-gone");
    const held = renderToStaticMarkup(
      <Thread orientation="horizontal" points={points} label="History" grip={{ ...grip, value: "c13", tag: "5 files return" }} />,
    );
    expect(held).toContain('aria-valuetext="checkpoint c13, 11:12"');
    expect(held).toContain('aria-valuenow="1"');
    expect(held).toContain('data-line="gone"');
    expect(held).toContain("5 files return");
  });
});
