import type { ApprovalPart, QuestionPart } from "./chat.types.ts";
import { expect, expectAccessible, screen, test, waitFor } from "../../testing/index.ts";
import { ApprovalCard } from "./ApprovalCard.tsx";
import { QuestionCard, type QuestionAnswer } from "./QuestionCard.tsx";

const approval = (toolName: string, parameters: Record<string, unknown>, description = ""): ApprovalPart => ({
  kind: "approval",
  key: "a",
  approvalId: "1",
  toolName,
  parameters,
  description,
});
const command = approval("run_command", { command: "rm -rf dist", cwd: "web", timeout: 60 });

test.describe("an approval", () => {
  const answers = () => {
    const given: [string, string | null][] = [];
    return { given, onAnswer: async (response: string, note: string | null) => void given.push([response, note]) as undefined };
  };

  test("shows the exact command, where it runs and for how long", async ({ show }) => {
    show(<ApprovalCard approval={command} onAnswer={async () => undefined} />);
    expect(await screen.findByLabelText("Command")).toHaveTextContent("rm -rf dist");
    expect(screen.getByText("in web")).toBeVisible();
    expect(screen.getByText("stops after 1m")).toBeVisible();
    await expectAccessible();
  });

  test("shows an edit as its lines", async ({ show }) => {
    show(
      <ApprovalCard
        approval={approval("edit_file", { path: "src/a.ts", search: "old();", replace: "new();" })}
        onAnswer={async () => undefined}
      />,
    );
    expect(await screen.findByText("src/a.ts")).toBeVisible();
    expect(screen.getByText("old();")).toBeVisible();
    expect(screen.getByText("new();")).toBeVisible();
  });

  test("shows parameters it knows no form for exactly as they are sent", async ({ show }) => {
    show(<ApprovalCard approval={approval("mcp_mail_send", { to: "a@b.c" }, "Send a mail")} onAnswer={async () => undefined} />);
    expect(await screen.findByLabelText("Parameters")).toHaveTextContent('"to": "a@b.c"');
    expect(screen.getByText("Send a mail")).toBeVisible();
  });

  test("is answered by Y, A and N while the focus is inside or nowhere, and by no key elsewhere", async ({ show, user }) => {
    const { given, onAnswer } = answers();
    show(
      <>
        <button>Elsewhere</button>
        <ApprovalCard approval={command} onAnswer={onAnswer} />
      </>,
    );
    const card = await screen.findByTestId("approval-card");
    screen.getByRole("button", { name: "Elsewhere" }).focus();
    await user.keyboard("yan");
    card.focus();
    await user.keyboard("yan");
    await waitFor(() => expect(given.map(([response]) => response)).toEqual(["allow_once", "allow_all", "deny"]));
    card.blur();
    await user.keyboard("n");
    await waitFor(() => expect(given).toHaveLength(4));
  });

  test("leaves a key to another shortcut that takes it", async ({ show, user }) => {
    const { given, onAnswer } = answers();
    show(<ApprovalCard approval={command} onAnswer={onAnswer} />);
    await screen.findByTestId("approval-card");
    // Bound later than the card, like a view that is opened while the card waits.
    const take = (event: KeyboardEvent) => event.key === "a" && event.preventDefault();
    addEventListener("keydown", take);
    await user.keyboard("ay");
    await waitFor(() => expect(given.map(([response]) => response)).toEqual(["allow_once"]));
    removeEventListener("keydown", take);
  });

  test("keys written into the note are no answers; Enter denies with it, Escape takes the note away", async ({ show, user }) => {
    const { given, onAnswer } = answers();
    show(<ApprovalCard approval={command} onAnswer={onAnswer} />);
    await user.click(await screen.findByRole("button", { name: "Add note" }));
    const note = screen.getByLabelText(/What should the agent do instead/);
    await waitFor(() => expect(note).toHaveFocus());
    await user.keyboard("any");
    expect(note).toHaveValue("any");
    expect(given).toEqual([]);
    expect(screen.getByRole("button", { name: /Deny with note/ })).toBeVisible();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(given).toEqual([["deny", "any"]]));
    await user.keyboard("{Escape}");
    expect(screen.queryByLabelText(/What should the agent do instead/)).not.toBeInTheDocument();
    expect(screen.getByTestId("approval-card")).toHaveFocus();
  });

  test("says when the answer was not taken", async ({ show, user }) => {
    show(<ApprovalCard approval={command} onAnswer={async () => "Someone else has answered."} />);
    await user.click(await screen.findByRole("button", { name: /Allow once/ }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Someone else has answered.");
  });

  test("says which sub-agent asks", async ({ show }) => {
    show(
      <ApprovalCard
        approval={{ ...command, description: "For the sub-agent tester: runs a command" }}
        place="1 of 2"
        onAnswer={async () => undefined}
      />,
    );
    expect(await screen.findByText("Requested by sub-agent tester")).toBeVisible();
    expect(screen.getByText("1 of 2")).toBeVisible();
  });
});

const asking = (asked: Partial<Extract<QuestionPart["asked"], { kind: "question" }>> = {}): QuestionPart => ({
  kind: "question",
  key: "q",
  questionId: "1",
  asked: {
    kind: "question",
    question: "Which database?",
    choices: [{ label: "SQLite", description: "One file" }, { label: "PostgreSQL" }],
    is_multiple: false,
    allows_text: true,
    ...asked,
  } as QuestionPart["asked"],
});

test.describe("a question", () => {
  const answers = () => {
    const given: QuestionAnswer[] = [];
    return { given, onAnswer: async (answer: QuestionAnswer) => void given.push(answer) as undefined };
  };

  test("cannot be answered with nothing", async ({ show }) => {
    show(<QuestionCard part={asking()} onAnswer={async () => undefined} onStop={() => undefined} />);
    expect(await screen.findByRole("button", { name: "Answer" })).toBeDisabled();
    await expectAccessible();
  });

  test("takes one choice by number and sends it with Enter", async ({ show, user }) => {
    const { given, onAnswer } = answers();
    show(<QuestionCard part={asking()} onAnswer={onAnswer} onStop={() => undefined} />);
    (await screen.findByTestId("question-card")).focus();
    await user.keyboard("12");
    expect(screen.getByRole("radio", { name: /PostgreSQL/ })).toBeChecked();
    expect(screen.getByRole("radio", { name: /SQLite/ })).not.toBeChecked();
    await user.click(screen.getByRole("button", { name: "Answer" }));
    expect(given).toEqual([{ choices: ["PostgreSQL"], text: null }]);
  });

  test("takes several where it may, and takes them back", async ({ show, user }) => {
    const { given, onAnswer } = answers();
    show(<QuestionCard part={asking({ is_multiple: true })} onAnswer={onAnswer} onStop={() => undefined} />);
    (await screen.findByTestId("question-card")).focus();
    await user.keyboard("121");
    await user.click(screen.getByRole("button", { name: "Answer" }));
    expect(given).toEqual([{ choices: ["PostgreSQL"], text: null }]);
  });

  test("numbers written into its field are text", async ({ show, user }) => {
    const { given, onAnswer } = answers();
    show(<QuestionCard part={asking()} onAnswer={onAnswer} onStop={() => undefined} />);
    await user.click(await screen.findByLabelText("Or type your own answer"));
    await user.keyboard("MySQL 1");
    await user.keyboard("{Enter}");
    expect(given).toEqual([{ choices: [], text: "MySQL 1" }]);
  });

  test("can be skipped, and the run stopped", async ({ show, user }) => {
    const { given, onAnswer } = answers();
    let stops = 0;
    show(<QuestionCard part={asking({ allows_text: false })} onAnswer={onAnswer} onStop={() => stops++} />);
    await user.click(await screen.findByRole("button", { name: "Skip" }));
    await user.click(screen.getByRole("button", { name: "Stop run" }));
    expect(given).toEqual([{ declined: true }]);
    expect(stops).toBe(1);
    expect(screen.queryByRole("textbox")).not.toBeInTheDocument();
  });

  test("keeps what was picked when the answer is not taken", async ({ show, user }) => {
    show(<QuestionCard part={asking()} onAnswer={async () => "The run is over."} onStop={() => undefined} />);
    await user.click(await screen.findByRole("radio", { name: /SQLite/ }));
    await user.click(screen.getByRole("button", { name: "Answer" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The run is over.");
    expect(screen.getByRole("radio", { name: /SQLite/ })).toBeChecked();
    expect(screen.getByRole("button", { name: "Answer" })).toBeEnabled();
  });
});

test.describe("a secret that is asked for", () => {
  const part = {
    kind: "question",
    key: "s",
    questionId: "1",
    asked: { kind: "secret", secret_key: "STRIPE_KEY", reason: "To charge cards.", container: "api" },
  } as QuestionPart;

  test("is typed hidden, sent as a value, and forgotten by the page", async ({ show, user }) => {
    const given: QuestionAnswer[] = [];
    show(<QuestionCard part={part} onAnswer={async (answer) => void given.push(answer) as undefined} onStop={() => undefined} />);
    const value = await screen.findByLabelText("Value of STRIPE_KEY");
    expect(value).toHaveAttribute("type", "password");
    expect(value).toHaveAttribute("autocomplete", "off");
    expect(screen.getByRole("button", { name: "Save secret" })).toBeDisabled();
    await user.type(value, "sk_live_1{Enter}");
    expect(given).toEqual([{ value: "sk_live_1" }]);
    await waitFor(() => expect(value).toHaveValue(""));
    expect(document.body.textContent).not.toContain("sk_live_1");
    expect(screen.getByText(/secret of this project, for api/)).toBeVisible();
  });

  test("can be refused", async ({ show, user }) => {
    const given: QuestionAnswer[] = [];
    show(<QuestionCard part={part} onAnswer={async (answer) => void given.push(answer) as undefined} onStop={() => undefined} />);
    await user.click(await screen.findByRole("button", { name: "Not now" }));
    expect(given).toEqual([{ declined: true }]);
  });
});
