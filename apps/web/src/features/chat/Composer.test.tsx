import type { EditMode, Model, Reasoning } from "@tesslate/contract";
import { useState } from "react";
import { buildTree } from "../../lib/file-tree.ts";
import { expect, expectAccessible, openPane, sampleId, sampleTime, screen, test, waitFor } from "../../testing/index.ts";
import type { MessageExtras, SendFailure } from "./chat.types.ts";
import { Composer, type ComposerProps } from "./Composer.tsx";

const tree = buildTree(
  ["src/App.tsx", "src/orders.ts", "README.md"].map((path) => ({ path, is_directory: false, size: 1, etag: path, mtime: sampleTime })),
);

function composer(known: Partial<ComposerProps> = {}) {
  const sent: [string, MessageExtras][] = [];
  const steered: string[] = [];
  const modes: EditMode[] = [];
  const reasonings: (Reasoning | null)[] = [];
  const announced: string[] = [];
  let stops = 0;
  let refusal: SendFailure | undefined;
  const Composed = () => {
    const [mode, setMode] = useState<EditMode>("ask");
    const [reasoning, setReasoning] = useState<Reasoning | null>(null);
    return (
      <Composer
        projectId="p"
        tree={tree}
        chatId="c"
        isRunning={false}
        isStopping={false}
        mode={mode}
        onMode={(next) => {
          modes.push(next);
          setMode(next);
        }}
        models={[]}
        defaultModel={undefined}
        model={undefined}
        onModel={() => undefined}
        reasoning={reasoning}
        onReasoning={(next) => {
          reasonings.push(next);
          setReasoning(next);
        }}
        onSend={async (text, extras) => {
          sent.push([text, extras]);
          return refusal;
        }}
        onSteer={async (text) => {
          steered.push(text);
          return refusal;
        }}
        commands={[]}
        onStop={() => stops++}
        announce={(text) => announced.push(text)}
        {...known}
      />
    );
  };
  return {
    element: <Composed />,
    sent,
    steered,
    modes,
    reasonings,
    announced,
    stops: () => stops,
    refuse: (failure: SendFailure | undefined) => (refusal = failure),
  };
}
const box = () => screen.findByRole("textbox", { name: "Message to the agent" });

test("Enter sends, trimmed, and empties the field; nothing is sent of nothing", async ({ show, user }) => {
  const it = composer();
  show(it.element);
  await user.type(await box(), "   {Enter}");
  expect(it.sent).toEqual([]);
  expect(screen.getByRole("button", { name: "Send" })).toBeDisabled();
  await user.type(await box(), "Add a cart {Enter}");
  expect(it.sent).toEqual([["Add a cart", {}]]);
  expect(await box()).toHaveValue("");
  await expectAccessible();
});

test("a refused message comes back with the reason, which goes when it is changed", async ({ show, user }) => {
  const it = composer();
  it.refuse({ code: "model_not_configured", message: "No model is connected yet." });
  show(it.element);
  await user.type(await box(), "Add a cart{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("No model is connected yet.");
  expect(await box()).toHaveValue("Add a cart");
  await user.type(await box(), "!");
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});

test("without credits it says how many are used, and offers the ways out", async ({ api, show, user }) => {
  api.blank("system.config");
  api.answer("billing.subscription", { tier: "free", byok_enabled: true });
  api.answer("billing.config", { is_enabled: true, packages: [{ id: "small", credits: 500, price_cents: 500 }] });
  const it = composer();
  it.refuse({
    code: "insufficient_credits",
    message: "No credits are left.",
    details: { used: 5, limit: 5, unit: "credits", balance: 0 },
  });
  show(it.element);
  await user.type(await box(), "Add a cart{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("No credits are left. Learn more5 of 5 plan credits used");
  expect(await screen.findByRole("button", { name: "Top up" })).toBeVisible();
  expect(screen.getByRole("button", { name: "Use my own key" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Upgrade" })).not.toBeInTheDocument();
});

test("while a run goes on Enter queues, and Ctrl and Enter steer it", async ({ show, user }) => {
  const it = composer({ isRunning: true });
  show(it.element);
  await user.type(await box(), "Then tests{Enter}");
  expect(it.sent.map(([text]) => text)).toEqual(["Then tests"]);
  await waitFor(() => expect(it.announced).toEqual(["Queued."]));
  await user.type(await box(), "Use SQLite");
  await user.keyboard("{Control>}{Enter}{/Control}");
  expect(it.steered).toEqual(["Use SQLite"]);
  await waitFor(() => expect(it.announced.at(-1)).toBe("The agent will see this before its next step."));
});

test("a run is stopped by its button", async ({ show, user }) => {
  const it = composer({ isRunning: true });
  show(it.element);
  await user.click(await screen.findByRole("button", { name: "Stop run" }));
  expect(it.stops()).toBe(1);
});

test("Alt and M turn plan mode on and say which mode it is; Shift and Tab leave the field", async ({ show, user }) => {
  const it = composer();
  show(it.element);
  (await box()).focus();
  await user.keyboard("{Alt>}m{/Alt}");
  expect(it.modes).toHaveLength(1);
  expect(await box()).toHaveFocus();
  expect(screen.getByRole("button", { name: /^Mode: / })).not.toHaveAccessibleName("Mode: Ask");
  await user.keyboard("{Shift>}{Tab}{/Shift}");
  expect(await box()).not.toHaveFocus();
  expect(it.modes).toHaveLength(1);
});

test("a message that has to wait stays in the field and says why", async ({ show, user }) => {
  const it = composer({ blockedBy: "The project is being made." });
  show(it.element);
  await user.type(await box(), "Add a cart{Enter}");
  expect(it.sent).toEqual([]);
  expect(await screen.findByText("The project is being made.")).toBeVisible();
  expect(await box()).toHaveValue("Add a cart");
});

test("`/` lists commands: arrows choose, Enter runs, Escape makes it a text", async ({ show, user }) => {
  const ran: string[] = [];
  const command = (name: string) => ({ name, hint: `Does ${name}`, run: () => ran.push(name) });
  const it = composer({ commands: [command("clear"), command("compact"), command("plan")] });
  show(it.element);
  await user.type(await box(), "/c");
  expect(await screen.findAllByRole("option")).toHaveLength(2);
  expect(await box()).toHaveAttribute("aria-activedescendant", screen.getAllByRole("option")[0]?.id);
  await user.keyboard("{ArrowDown}{Enter}");
  expect(ran).toEqual(["compact"]);
  expect(await box()).toHaveValue("");
  await user.type(await box(), "/pl");
  await user.keyboard("{Escape}{Enter}");
  expect(ran).toEqual(["compact"]);
  expect(it.sent.map(([text]) => text)).toEqual(["/pl"]);
});

test("`@` points at a file, which goes along as a mention", async ({ show, user }) => {
  const it = composer();
  show(it.element);
  await user.type(await box(), "Look at @ord");
  await screen.findByRole("option", { name: /orders\.ts/ });
  await user.keyboard("{Enter}");
  await waitFor(async () => expect(await box()).toHaveValue("Look at @src/orders.ts "));
  await user.keyboard("{Enter}");
  expect(it.sent).toEqual([["Look at @src/orders.ts", { mentions: ["src/orders.ts"] }]]);
});

test("a draft is kept for each chat", async ({ show, user }) => {
  const first = show(composer().element);
  await user.type(await box(), "Half a thought");
  first.unmount();
  const second = show(composer({ chatId: "other" }).element);
  expect(await box()).toHaveValue("");
  second.unmount();
  show(composer().element);
  expect(await box()).toHaveValue("Half a thought");
});

const thinker: Model = {
  id: "openai/gpt-5.1",
  name: "GPT-5.1",
  source: "system",
  provider: "openai",
  pricing: null,
  available: true,
  health: "healthy",
  disabled: false,
  context_window: 400_000,
  vision: true,
  reasoning: ["off", "low", "medium", "high"],
  tools: "native",
  score: null,
  tokens_per_second: null,
  message_cents: 0,
  is_price_known: true,
  own_key: false,
};
test("how much the model thinks is chosen beside the model", async ({ show, user }) => {
  const it = composer({ models: [thinker], model: thinker.id });
  show(it.element);
  await user.click(await screen.findByRole("button", { name: "Thinking: Default" }));
  await screen.findByRole("menuitemradio", { name: /^High/ });
  expect(screen.getAllByRole("menuitemradio")).toHaveLength(5);
  await user.click(screen.getByRole("menuitemradio", { name: /^High/ }));
  await user.click(await screen.findByRole("button", { name: "Thinking: High" }));
  await user.click(screen.getByRole("menuitemradio", { name: /^Default/ }));
  expect(await screen.findByRole("button", { name: "Thinking: Default" })).toBeVisible();
  expect(it.reasonings).toEqual(["high", null]);
});

test("a model without levels of thinking has no choice of them", async ({ show }) => {
  show(composer({ models: [{ ...thinker, reasoning: [] }], model: thinker.id }).element);
  expect(await screen.findByRole("button", { name: /^Model/ })).toBeVisible();
  expect(screen.queryByRole("button", { name: /^Thinking/ })).not.toBeInTheDocument();
});

const choice: SendFailure = {
  code: "workspace_required",
  message: "Another run is changing the files of this project.",
  choice: { runs: [{ task_id: sampleId, chat_id: sampleId, message: "Add a cart" }], suggested: "branch" },
};
/** A message that was refused because another run changes the project. */
function askedComposer(suggested: "branch" | "wait" = "branch") {
  const it = composer();
  it.refuse({ ...choice, choice: { runs: choice.choice?.runs ?? [], suggested } });
  return { ...it, pane: openPane(() => it.element) };
}

test("while another run changes the project, Enter takes the suggested way, and the message is sent once more with it", async ({
  show,
  user,
}) => {
  const it = askedComposer();
  show(it.pane.element);
  await user.type(await box(), "Add a menu{Enter}");
  expect(await screen.findByRole("group", { name: "Another run is changing this project." })).toHaveTextContent(
    "It works on “Add a cart”.",
  );
  expect(await box()).toHaveValue("Add a menu");
  const branch = screen.getByRole("radio", { name: /^Work on a branch/ });
  expect(branch).toBeChecked();
  await waitFor(() => expect(branch).toHaveFocus());
  await expectAccessible();
  it.refuse(undefined);
  await user.keyboard("{Enter}");
  expect(it.sent).toEqual([
    ["Add a menu", {}],
    ["Add a menu", { workspace: "branch" }],
  ]);
  expect(screen.queryByRole("radio")).not.toBeInTheDocument();
  expect(await box()).toHaveValue("");
});

test("another way is chosen with the arrow keys and remembered; Escape keeps the message", async ({ api, show, user }) => {
  api.blank("projects.update");
  const it = askedComposer("wait");
  show(it.pane.element);
  await user.type(await box(), "Add a menu{Enter}");
  await waitFor(() => expect(screen.getByRole("radio", { name: /^Wait/ })).toHaveFocus());
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("radio")).not.toBeInTheDocument();
  expect(await box()).toHaveFocus();
  expect(await box()).toHaveValue("Add a menu");
  await user.keyboard("{Enter}");
  await user.click(await screen.findByRole("radio", { name: /^Same files/ }));
  await user.click(screen.getByRole("checkbox", { name: "Remember for this project" }));
  it.refuse(undefined);
  await user.click(screen.getByRole("button", { name: "Send message" }));
  expect(it.sent.at(-1)).toEqual(["Add a menu", { workspace: "project" }]);
  await waitFor(() => expect(api.asked("projects.update")[0]?.body).toEqual({ settings: { parallel_runs: "project" } }));
});
