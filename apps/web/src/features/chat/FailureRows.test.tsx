import type { Model } from "@tesslate/contract";
import { expect, expectAccessible, screen, test } from "../../testing/index.ts";
import type { ErrorPart, RetryPart, Run } from "./chat.types.ts";
import { FailureActionsContext, type FailureActions } from "./failure-actions.ts";
import { ErrorRow, RetryRow } from "./FailureRows.tsx";
import { emptyRun } from "./run-events.ts";

const model = (id: string): Model => ({ id, provider: id.split("/")[0], available: true, disabled: false }) as Model;
const run = (over: Partial<Run> = {}): Run => ({ ...emptyRun("t1", "c1"), model: "anthropic/claude", ...over });
const retry = (over: Partial<RetryPart> = {}): RetryPart => ({
  kind: "retry",
  key: "y1",
  retryId: "r1",
  status: "waiting",
  attempt: 2,
  of: 5,
  until: new Date(Date.now() + 30_000).toISOString(),
  model: "anthropic/claude",
  message: "Anthropic is overloaded (529).",
  reason: "Overloaded",
  ...over,
});
const error = (errorKind?: ErrorPart["errorKind"]): ErrorPart => ({
  kind: "error",
  key: "e1",
  message: "Anthropic refused the API key.",
  code: "model_auth_failed",
  ...(errorKind && { errorKind }),
});
function recording() {
  const calls: unknown[][] = [];
  const actions: FailureActions = {
    models: [model("anthropic/claude"), model("openai/gpt-5.1")],
    retryCall: (...given) => void calls.push(["retryCall", ...given]),
    stop: () => void calls.push(["stop"]),
    rerun: ({ taskId }, other) => void calls.push(["rerun", taskId, other]),
    compact: ({ taskId }) => void calls.push(["compact", taskId]),
    isCompacting: false,
  };
  return { calls, actions };
}
const names = () => [...screen.queryAllByRole("button"), ...screen.queryAllByRole("link")].map((element) => element.textContent).toSorted();

test.describe("a failed call that waits", () => {
  test("counts down, quotes the provider, and is repeated at once, sent to another model or stopped", async ({ show, user }) => {
    const { calls, actions } = recording();
    show(
      <FailureActionsContext value={actions}>
        <RetryRow part={retry()} run={run()} />
      </FailureActionsContext>,
    );
    expect(await screen.findByRole("group", { name: "Failed model call" })).toHaveTextContent(
      /Anthropic is overloaded \(529\)\. Retrying in (29|30) s \(attempt 2 of 5\)/,
    );
    expect(screen.getByText("Overloaded")).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Retry now" }));
    await user.click(screen.getByRole("button", { name: "Try another model…" }));
    expect(await screen.findAllByRole("menuitem")).toHaveLength(1);
    await user.click(screen.getByRole("menuitem", { name: /gpt-5\.1/ }));
    await user.click(screen.getByRole("button", { name: "Stop" }));
    expect(calls).toEqual([["retryCall", "t1", "r1"], ["retryCall", "t1", "r1", "openai/gpt-5.1"], ["stop"]]);
  });

  test("has no actions once it is repeated or the run has ended", async ({ show }) => {
    const { actions } = recording();
    show(
      <FailureActionsContext value={actions}>
        <RetryRow part={retry({ status: "retrying" })} run={run()} />
        <RetryRow part={retry()} run={run({ status: "cancelled" })} />
      </FailureActionsContext>,
    );
    expect(await screen.findByText("Anthropic is overloaded (529). Retried (attempt 2 of 5).")).toBeVisible();
    expect(screen.getByText("Anthropic is overloaded (529). Not retried.")).toBeVisible();
    expect(names()).toEqual([]);
  });
});

test.describe("the error that ended a run", () => {
  for (const [kind, expected] of [
    ["auth", ["Change key", "Learn more", "Retry", "Try another model…"]],
    ["quota", ["Change key", "Learn more", "Retry", "Try another model…"]],
    ["context", ["Compact chat", "Learn more", "Retry", "Try another model…"]],
    ["overloaded", ["Learn more", "Retry", "Try another model…"]],
    ["not_found", ["Learn more", "Retry", "Try another model…"]],
    [undefined, ["Learn more", "Retry"]],
  ] as const)
    test(`of kind ${kind} offers ${expected.join(", ")}`, async ({ show, user }) => {
      const { calls, actions } = recording();
      show(
        <FailureActionsContext value={actions}>
          <ErrorRow part={error(kind)} run={run({ status: "failed" })} isLast />
        </FailureActionsContext>,
      );
      expect(await screen.findByRole("alert")).toHaveTextContent("Anthropic refused the API key.");
      expect(names()).toEqual(expected);
      if (kind === "auth") expect(screen.getByRole("link", { name: "Change key" })).toHaveAttribute("href", "/settings/models");
      await user.click(screen.getByRole("button", { name: "Retry" }));
      if (kind === "context") await user.click(screen.getByRole("button", { name: "Compact chat" }));
      if (kind === "overloaded") {
        await user.click(screen.getByRole("button", { name: "Try another model…" }));
        await user.click(await screen.findByRole("menuitem", { name: /gpt-5\.1/ }));
      }
      expect(calls).toEqual([
        ["rerun", "t1", undefined],
        ...(kind === "context" ? [["compact", "t1"]] : []),
        ...(kind === "overloaded" ? [["rerun", "t1", "openai/gpt-5.1"]] : []),
      ]);
    });

  test("after steps it offers Continue, and an older one nothing", async ({ show }) => {
    const { actions } = recording();
    const tool = { kind: "tool", key: "t", iteration: 1, name: "write_file", parameters: {}, status: "ok", edits: [] } as const;
    show(
      <FailureActionsContext value={actions}>
        <ErrorRow part={error()} run={run({ status: "failed", parts: [{ ...tool, edits: [] }] })} isLast />
        <ErrorRow part={error("auth")} run={run({ status: "failed" })} isLast={false} />
      </FailureActionsContext>,
    );
    expect(await screen.findAllByRole("alert")).toHaveLength(2);
    expect(names()).toEqual(["Continue", "Learn more"]);
  });
});
