import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { Thread, ThreadItem } from "./Thread.tsx";
import type { ThreadPoint } from "./thread.types.ts";

describe("markup", () => {
  const points: ThreadPoint[] = [
    { id: "m1", kind: "message", label: "message, 11:02" },
    { id: "c13", kind: "checkpoint", label: "checkpoint c13, 11:12" },
    { id: "r9", kind: "live", label: "run r9, running", line: "live" },
  ];

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
  test("lying it is one picture with a name", () => {
    const html = renderToStaticMarkup(<Thread orientation="horizontal" points={points} label="Created, running" tail="next" />);
    expect(html).toContain('role="img" aria-label="Created, running"');
    expect(html.match(/class="bead"/g)).toHaveLength(3);
  });
});
