import { Plan, PlanStep, type EditMode } from "@tesslate/contract";
import { useState } from "react";
import { expect, expectAccessible, sample, sampleId, screen, test, waitFor, within } from "../../testing/index.ts";
import { PlanCard } from "./PlanCard.tsx";
import type { ChatPlan } from "./use-plan.ts";

const step = (n: number, text: string, known: Partial<PlanStep> = {}) =>
  sample(PlanStep, { id: sampleId.replace(/1$/, String(n)), step: text, is_included: true, ...known });
const plan = (...steps: PlanStep[]) => sample(Plan, { task: "A shop for the bakery", steps });
const three = plan(step(1, "Draw the page"), step(2, "Store orders"), step(3, "Send mails", { is_included: false }));

function card(start: Plan, known: { isRunning?: boolean; failure?: string; refusal?: string } = {}) {
  const built: EditMode[] = [];
  let discards = 0;
  let now = start;
  const Carded = () => {
    const [current, setCurrent] = useState(start);
    const control: ChatPlan = {
      plan: current,
      edit: (change) => {
        now = { ...now, ...change(now) };
        setCurrent(now);
      },
      discard: async () => void discards++,
      build: async () => undefined,
      failure: known.failure,
    };
    return (
      <PlanCard
        plan={current}
        control={control}
        isRunning={known.isRunning ?? false}
        onBuild={async (mode) => {
          built.push(mode);
          return known.refusal ? { code: "conflict", message: known.refusal } : undefined;
        }}
      />
    );
  };
  return { element: <Carded />, built, discards: () => discards, steps: () => now.steps.map((one) => one.step), plan: () => now };
}

test("says what is ticked, and builds that many in the chosen mode", async ({ show, user }) => {
  const it = card(three);
  show(it.element);
  expect(await screen.findByText("2 of 3 selected")).toBeVisible();
  await user.click(screen.getByRole("checkbox", { name: "Include step 3: Send mails" }));
  await user.click(screen.getByRole("button", { name: /^Build mode/ }));
  await user.click(await screen.findByRole("menuitemradio", { name: /Auto/ }));
  await user.click(screen.getByRole("button", { name: "Build 3 steps" }));
  await waitFor(() => expect(it.built).toEqual(["allow"]));
  await expectAccessible();
});

test("nothing ticked builds nothing; a running chat neither", async ({ show }) => {
  const first = show(card(plan(step(1, "Draw", { is_included: false }))).element);
  expect(await screen.findByRole("button", { name: "Expand plan" })).toBeVisible();
  first.unmount();
  show(card(three, { isRunning: true }).element);
  expect(await screen.findByRole("button", { name: /^Build 2 steps/ })).toBeDisabled();
});

test("a step is added, and the field asks for the next until it is left empty", async ({ show, user }) => {
  const it = card(three);
  show(it.element);
  await user.click(await screen.findByRole("button", { name: "Add step" }));
  const field = screen.getByRole("textbox", { name: "New step" });
  expect(field).toHaveFocus();
  await user.type(field, "Take payments{Enter}");
  await user.type(field, "Print receipts{Enter}{Enter}");
  expect(screen.queryByRole("textbox", { name: "New step" })).not.toBeInTheDocument();
  expect(it.steps()).toEqual(["Draw the page", "Store orders", "Send mails", "Take payments", "Print receipts"]);
});

test("steps are moved by key, and the move is announced", async ({ show, user }) => {
  const it = card(three);
  show(it.element);
  (await screen.findByRole("button", { name: "Move step 1: Draw the page" })).focus();
  await user.keyboard("{ArrowDown}");
  await waitFor(() => expect(it.steps()).toEqual(["Store orders", "Draw the page", "Send mails"]));
  expect(
    screen
      .getAllByRole("status")
      .map((one) => one.textContent)
      .join(" "),
  ).toContain("Draw the page");
  expect(screen.getByRole("button", { name: "Move step 2: Draw the page" })).toHaveFocus();
});

test("discarding asks, and says how much goes", async ({ show, user }) => {
  const it = card(three);
  show(it.element);
  await user.click(await screen.findByRole("button", { name: "Discard plan" }));
  const dialog = await screen.findByRole("alertdialog");
  expect(dialog).toHaveTextContent("3 steps");
  await user.keyboard("{Escape}");
  expect(it.discards()).toBe(0);
  await user.click(await screen.findByRole("button", { name: "Discard plan" }));
  await user.click(within(await screen.findByRole("alertdialog")).getByRole("button", { name: "Discard plan" }));
  await waitFor(() => expect(it.discards()).toBe(1));
});

test("what is done cannot be unticked, and a finished plan folds", async ({ show, user }) => {
  show(card(plan(step(1, "Draw", { status: "completed" }), step(2, "Store", { status: "completed" }))).element);
  expect(await screen.findByText("2 of 2 done")).toBeVisible();
  expect(screen.queryByRole("list", { name: "Steps" })).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Expand plan" }));
  expect(screen.queryByRole("checkbox")).not.toBeInTheDocument();
  expect(screen.getAllByRole("img", { name: "Done" })).toHaveLength(2);
});

test("an edit that was not kept, and a build that was refused, are reported", async ({ show, user }) => {
  const first = show(card(three, { failure: "Someone else has changed the plan." }).element);
  expect(await screen.findByRole("alert")).toHaveTextContent("Someone else has changed the plan.");
  first.unmount();
  show(card(three, { refusal: "A run goes on." }).element);
  await user.click(await screen.findByRole("button", { name: "Build 2 steps" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("A run goes on.");
});
