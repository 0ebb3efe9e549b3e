import { use, useState, type ReactNode } from "react";
import { Branch, ChatSession, QueueItem, type Model, type ProjectEvent, type QuestionAsked } from "@tesslate/contract";
import {
  expect,
  expectAccessible,
  openPane,
  refuse,
  sample,
  sampleId,
  sampleTime,
  screen,
  test,
  waitFor,
  type CannedApi,
} from "../../testing/index.ts";
import { ChatColumn } from "./ChatColumn.tsx";
import { ConversationContext, type Conversation } from "./conversation.ts";
import { ConversationProvider } from "./ConversationProvider.tsx";

const id = (end: number) => sampleId.replace(/1$/, String(end));
const taskId = id(7);
const reader = { id: sampleId, name: "Nadia" };

const Chat = () => (
  <>
    <input aria-label="Search files" />
    <ConversationProvider reader={reader}>
      <ChatColumn blockedBy={undefined} notice={undefined} tail={null} suggestions={[]} onFold={() => undefined} />
    </ConversationProvider>
  </>
);

/** A chat with a run that the test continues. */
function runningChat(api: CannedApi, Pane: () => ReactNode = Chat) {
  api.blankReads();
  api.answer("chat.sessions", { items: [sample(ChatSession)], total: 1 });
  const pane = openPane(Pane);
  let seq = 0;
  const emit = (type: ProjectEvent["type"], data: unknown) => {
    seq += 1;
    pane.emit({ seq, ts: sampleTime, task_id: taskId, task_seq: seq, type, data } as ProjectEvent);
  };
  const start = async () => {
    await composer();
    emit("task_started", { chat_id: sampleId, message_id: id(8), agent_id: null, model: "m" });
    await screen.findByText("Working");
  };
  const approval = (number: number) =>
    emit("approval_required", {
      approval_id: id(number),
      tool_name: "bash_exec",
      tool_parameters: { command: `echo ${number}` },
      tool_description: "Run a command",
    });
  const approved = (number: number) =>
    emit("approval_resolved", { approval_id: id(number), response: "allow_once", note: null, by: sampleId, at: sampleTime });
  const question = (asked: Partial<Extract<QuestionAsked, { kind: "question" }>> = {}) =>
    emit("question_asked", {
      question_id: id(5),
      tool_name: "ask_user",
      kind: "question",
      question: "Which database?",
      choices: [{ label: "SQLite" }, { label: "PostgreSQL" }],
      is_multiple: false,
      allows_text: true,
      ...asked,
    });
  const secret = () =>
    emit("question_asked", {
      question_id: id(5),
      tool_name: "request_secret",
      kind: "secret",
      secret_key: "STRIPE_KEY",
      reason: "To charge cards.",
      container: null,
    });
  const answered = (outcome = "answered") =>
    emit("question_resolved", { question_id: id(5), outcome, choices: [], text: null, by: sampleId, at: sampleTime });
  return { element: pane.element, emit, start, approval, approved, question, secret, answered };
}
const composer = () => screen.findByRole("textbox", { name: "Message to the agent" });
const approvalCard = () => screen.findByRole("group", { name: "Allow this command?" });
const announced = (text: string) =>
  waitFor(() => expect(screen.getAllByRole("status").some((region) => region.textContent === text)).toBe(true));

test("text that streams in does not render the composer again", async ({ api, show, user }) => {
  let renders = 0;
  // The composer looks for the chosen model each time that it renders.
  const countReads = (models: Model[]) =>
    new Proxy(models, {
      get: (target, key, receiver) => {
        if (key === "filter") renders++;
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
  const Counted = ({ children }: { children: ReactNode }) => {
    const store = use(ConversationContext);
    const [counted] = useState(() => {
      const models = countReads([]);
      const known = new WeakMap<Conversation, Conversation>();
      const get = () => {
        const now = store?.get();
        if (!now) throw new Error("no conversation");
        const shown = known.get(now) ?? { ...now, models };
        known.set(now, shown);
        return shown;
      };
      return { get, subscribe: (listener: () => void) => store?.subscribe(listener) ?? { unsubscribe: () => undefined } };
    });
    return <ConversationContext value={counted}>{children}</ConversationContext>;
  };
  const chat = runningChat(api, () => (
    <ConversationProvider reader={reader}>
      <Counted>
        <ChatColumn blockedBy={undefined} notice={undefined} tail={null} suggestions={[]} onFold={() => undefined} />
      </Counted>
    </ConversationProvider>
  ));
  show(chat.element);
  await chat.start();
  const stream = async (content: string) => {
    chat.emit("text_chunk", { content, iteration: 1 });
    await screen.findByText(new RegExp(`${content}$`));
  };
  await stream("one");
  const before = renders;
  await stream(" two");
  await stream(" three");
  expect(renders).toBe(before);
  await user.type(await composer(), "n");
  expect(renders).toBeGreaterThan(before);
});

test.describe("a card that waits", () => {
  test("gets the focus, also from an empty composer, and is announced; its keys work; afterwards the composer has the focus", async ({
    api,
    show,
    user,
  }) => {
    api.answer("chat.approval", { approval_id: id(1), response: "deny" });
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    (await composer()).focus();
    chat.approval(1);
    await waitFor(async () => expect(await approvalCard()).toHaveFocus());
    await announced("The agent needs your approval.");
    await expectAccessible();
    await user.keyboard("n");
    await waitFor(() => expect(api.asked("chat.approval")[0]?.body).toEqual({ approval_id: id(1), response: "deny" }));
    await waitFor(async () => expect(await composer()).toHaveFocus());
    expect(await composer()).toHaveValue("");
  });

  test("of several, each gets the focus when the one before is answered", async ({ api, show, user }) => {
    api.answer("chat.approval", ({ body }) => body as never);
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    chat.approval(1);
    chat.approval(2);
    await screen.findByText("1 of 2");
    await waitFor(async () => expect(await approvalCard()).toHaveFocus());
    await user.keyboard("y");
    await waitFor(() => expect(api.asked("chat.approval")).toHaveLength(1));
    chat.approved(1);
    await waitFor(async () => expect(await approvalCard()).toHaveTextContent("echo 2"));
    await waitFor(async () => expect(await approvalCard()).toHaveFocus());
    await user.keyboard("a");
    await waitFor(() =>
      expect(api.asked("chat.approval").map(({ body }) => (body as { response: string }).response)).toEqual(["allow_once", "allow_all"]),
    );
  });

  test("does not interrupt someone who types: a hint names the key that leads to it", async ({ api, show, user }) => {
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    await user.type(await composer(), "now add");
    chat.approval(1);
    const hint = await screen.findByRole("button", { name: /Go to request/ });
    await announced("The agent needs your approval. Press Alt+↵ to go to it.");
    await user.keyboard(" a cart");
    expect(await composer()).toHaveValue("now add a cart");
    expect(api.asked("chat.approval")).toEqual([]);
    await user.keyboard("{Alt>}{Enter}{/Alt}");
    await waitFor(async () => expect(await approvalCard()).toHaveFocus());
    expect(hint).not.toBeInTheDocument();
    expect(await composer()).toHaveValue("now add a cart");
  });

  test("does not take the focus from another text field", async ({ api, show }) => {
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    screen.getByRole("textbox", { name: "Search files" }).focus();
    chat.approval(1);
    await screen.findByRole("button", { name: /Go to request/ });
    expect(screen.getByRole("textbox", { name: "Search files" })).toHaveFocus();
  });

  test("that is a question takes numbers and Enter", async ({ api, show, user }) => {
    api.answer("chat.answer", { question_id: id(5), outcome: "answered" });
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    chat.question();
    await waitFor(async () => expect(await screen.findByTestId("question-card")).toHaveFocus());
    await announced("The agent asks: Which database?");
    await user.keyboard("2{Enter}");
    await waitFor(() => expect(api.asked("chat.answer")[0]?.body).toMatchObject({ choices: ["PostgreSQL"] }));
    chat.answered();
    await waitFor(async () => expect(await composer()).toHaveFocus());
  });

  test("that is a secret has the focus in its field", async ({ api, show }) => {
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    chat.secret();
    await waitFor(async () => expect(await screen.findByLabelText("Value of STRIPE_KEY")).toHaveFocus());
    await announced("The agent needs the secret STRIPE_KEY.");
  });
});

test.describe("the composer while a question waits", () => {
  const asking = async (api: CannedApi, show: (part: ReactNode) => unknown) => {
    api.answer("chat.answer", { question_id: id(5), outcome: "answered" });
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    return chat;
  };
  const answers = (api: CannedApi) => api.asked("chat.answer").map(({ body }) => body);

  test("sends the text as the answer; a choice's name is that choice", async ({ api, show, user }) => {
    const chat = await asking(api, show);
    chat.question();
    await waitFor(async () => expect(await composer()).toHaveAttribute("placeholder", "Answer the question…"));
    await user.type(await composer(), "Use MySQL");
    expect(screen.getByRole("button", { name: "Send answer" })).toBeEnabled();
    expect(await composer()).toHaveAccessibleDescription("Enter sends your text as the answer to the question.");
    await user.keyboard("{Enter}");
    await waitFor(() => expect(answers(api)).toEqual([{ question_id: id(5), choices: [], text: "Use MySQL" }]));
    expect(await composer()).toHaveValue("");
    await user.type(await composer(), "sqlite{Enter}");
    await waitFor(() => expect(answers(api).at(-1)).toEqual({ question_id: id(5), choices: ["SQLite"], text: null }));
    chat.answered();
    await waitFor(async () => expect(await composer()).toHaveAttribute("placeholder", expect.stringContaining("Queue a message")));
  });

  test("can send it as a message instead, which is queued", async ({ api, show, user }) => {
    api.answer("queue.add", {});
    const chat = await asking(api, show);
    chat.question();
    await screen.findByTestId("question-card");
    await user.type(await composer(), "And add tests");
    await user.click(screen.getByRole("button", { name: "Send as message" }));
    await waitFor(() => expect(api.asked("queue.add")[0]?.body).toMatchObject({ message: "And add tests" }));
    expect(answers(api)).toEqual([]);
  });

  test("leaves a text that was begun before the question a message, unless it is sent as the answer", async ({ api, show, user }) => {
    api.answer("queue.add", {});
    const chat = await asking(api, show);
    await user.type(await composer(), "Then dark mode");
    chat.question();
    await screen.findByTestId("question-card");
    expect(screen.getByRole("button", { name: "Queue message" })).toBeEnabled();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(api.asked("queue.add")[0]?.body).toMatchObject({ message: "Then dark mode" }));
    expect(answers(api)).toEqual([]);
    // The next text is newer than the question.
    await user.type(await composer(), "MySQL{Enter}");
    await waitFor(() => expect(answers(api)).toEqual([{ question_id: id(5), choices: [], text: "MySQL" }]));
  });

  test("says which answers are allowed, and keeps the text", async ({ api, show, user }) => {
    const chat = await asking(api, show);
    chat.question({ allows_text: false });
    await screen.findByTestId("question-card");
    await user.type(await composer(), "MySQL{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("Must be one of: SQLite, PostgreSQL.");
    expect(await composer()).toHaveValue("MySQL");
    expect(answers(api)).toEqual([]);
  });
});

test.describe("keys in the composer", () => {
  const key = `sk_live_${"aB3dE5gH7jK9mN1pQ2rS"}`;
  const stored = () => Object.values({ ...sessionStorage }).join(" ");

  test("while a secret is requested go into its field, never into the chat, a message or the session storage", async ({
    api,
    show,
    user,
  }) => {
    api.answer("chat.answer", { question_id: id(5), outcome: "answered" });
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    chat.secret();
    await screen.findByTestId("question-card");
    await user.type(await composer(), "correct horse");
    expect(await composer()).toHaveAccessibleDescription(/Enter moves your text to its field\./);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(stored()).not.toContain("correct horse");
    await user.keyboard("{Control>}{Enter}{/Control}");
    const field = screen.getByLabelText("Value of STRIPE_KEY");
    await waitFor(() => expect(field).toHaveFocus());
    expect(field).toHaveValue("correct horse");
    expect(await composer()).toHaveValue("");
    await user.keyboard("{Enter}");
    await waitFor(() => expect(api.asked("chat.answer")[0]?.body).toEqual({ question_id: id(5), value: "correct horse" }));
    expect(api.asked("queue.add")).toEqual([]);
    expect(api.asked("queue.steer")).toEqual([]);
  });

  test("that were typed for a request ask before they are sent when the request has ended", async ({ api, show, user }) => {
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    chat.secret();
    await screen.findByTestId("question-card");
    await user.type(await composer(), "correct horse");
    chat.answered("timeout");
    await waitFor(() => expect(screen.queryByLabelText("Value of STRIPE_KEY")).not.toBeInTheDocument());
    await user.type(await composer(), "{Enter}");
    expect(await screen.findByRole("group", { name: "This looks like the value of STRIPE_KEY." })).toBeVisible();
    expect(api.asked("queue.add")).toEqual([]);
  });

  test("are noticed when they are pasted, and stored as a secret, whose name is left in the message", async ({ api, show, user }) => {
    api.answer("secrets.set", {});
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    await user.type(await composer(), `Take payments with ${key}`);
    expect(await screen.findByRole("group", { name: "This looks like a live Stripe key." })).toBeVisible();
    expect(await composer()).toHaveFocus();
    await expectAccessible();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.getByRole("button", { name: "Store as secret…" })).toHaveFocus());
    expect(api.asked("queue.add")).toEqual([]);
    await user.keyboard("{Enter}");
    const name = await screen.findByRole("textbox", { name: "Name" });
    await waitFor(() => expect(name).toHaveFocus());
    expect(name).toHaveValue("STRIPE_SECRET_KEY");
    await user.keyboard("{Enter}");
    await waitFor(async () => expect(await composer()).toHaveValue("Take payments with STRIPE_SECRET_KEY"));
    expect(api.asked("secrets.set")[0]?.body).toEqual({ key: "STRIPE_SECRET_KEY", value: key });
    expect(await composer()).toHaveFocus();
    expect(screen.queryByRole("button", { name: "Send anyway" })).not.toBeInTheDocument();
    expect(stored()).not.toContain(key);
  });

  test("are sent only after “Send anyway”; Escape goes back to the message", async ({ api, show, user }) => {
    api.answer("queue.add", {});
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    await user.type(await composer(), "SESSION_SECRET=9f2c1be04d77a6");
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.getByRole("button", { name: "Store as secret…" })).toHaveFocus());
    await user.keyboard("{Escape}");
    expect(await composer()).toHaveFocus();
    expect(await composer()).toHaveValue("SESSION_SECRET=9f2c1be04d77a6");
    await user.keyboard("{Enter}");
    await user.click(await screen.findByRole("button", { name: "Send anyway" }));
    await waitFor(() => expect(api.asked("queue.add")[0]?.body).toMatchObject({ message: "SESSION_SECRET=9f2c1be04d77a6" }));
  });

  test("in a long text ask before it is attached", async ({ api, show, user }) => {
    const chat = runningChat(api);
    show(chat.element);
    await chat.start();
    await user.type(await composer(), `${"A line of a log.\n".repeat(600)}STRIPE_KEY=${key}`);
    expect(await screen.findByRole("group", { name: "This looks like a live Stripe key." })).toBeVisible();
    expect(await composer()).toHaveValue("");
  });
});

test.describe("while a run of another chat changes the project", () => {
  const choice = { runs: [{ task_id: taskId, chat_id: id(9), message: "Add a cart" }], suggested: "branch" };

  /** The chat has been read: a message goes into it. */
  const isOpen = () => screen.findByRole("heading", { name: "What do you want to change?" });

  test("“Wait” queues the message; its entry says what it waits for", async ({ api, show, user }) => {
    api.answer("queue.add", {});
    api.answer("chat.stream", refuse("workspace_required", { details: choice }));
    const chat = runningChat(api);
    show(chat.element);
    await isOpen();
    await user.type(await composer(), "Add a menu{Enter}");
    await user.click(await screen.findByRole("radio", { name: /^Wait/ }));
    expect(api.asked("chat.stream")[0]?.body).toMatchObject({ message: "Add a menu", workspace: "ask" });
    api.answer("queue.list", { items: [sample(QueueItem, { message: "Add a menu", workspace: "wait" })], total: 1 });
    await user.click(screen.getByRole("button", { name: "Send message" }));
    await waitFor(() => expect(api.asked("queue.add")[0]?.body).toMatchObject({ message: "Add a menu", workspace: "wait" }));
    chat.emit("queue_changed", { chat_id: sampleId });
    expect(await screen.findByText("after the other run")).toBeVisible();
    expect(api.asked("chat.stream")).toHaveLength(1);
  });

  test("a project with the setting to wait queues without a question", async ({ api, show, user }) => {
    api.answer("queue.add", {});
    api.answer("chat.stream", refuse("run_active"));
    show(runningChat(api).element);
    await isOpen();
    await user.type(await composer(), "Add a menu{Enter}");
    await waitFor(() => expect(api.asked("queue.add")[0]?.body).toMatchObject({ message: "Add a menu", workspace: "wait" }));
    expect(screen.queryByRole("radio")).not.toBeInTheDocument();
  });

  test("a chat on a branch shows it, with its changes", async ({ api, show }) => {
    api.answer("branches.list", { items: [sample(Branch, { chat_id: sampleId, is_ready: true, status: "stopped", files: 2 })], total: 1 });
    show(runningChat(api).element);
    expect(await screen.findByRole("region", { name: "Branch" })).toHaveTextContent("2 files changed");
  });
});

test("without credits one card says so, with the number and the ways out, whatever else waits for them", async ({ api, show, user }) => {
  const chat = runningChat(api);
  const features = {
    billing: true,
    stripe: true,
    google_oauth: false,
    github_oauth: false,
    oidc: false,
    two_fa: true,
    smtp: false,
    passkeys: true,
  };
  api.answer("system.config", { features });
  api.answer("billing.credits", { total_credits: 0, is_empty: true, monthly_allowance: 1000, credits_reset_date: sampleTime });
  api.answer("billing.subscription", { tier: "basic", byok_enabled: true });
  api.answer("billing.config", { is_enabled: true, packages: [{ id: "small", credits: 500, price_cents: 500 }] });
  api.answer("queue.list", {
    items: [sample(QueueItem)],
    total: 1,
    held: { reason: "credits_exhausted", message: "The last run ended without credits." },
  });
  show(chat.element);
  await chat.start();
  chat.emit("error", { code: "insufficient_credits", message: "You are out of credits. What was done so far is kept." });
  chat.emit("complete", {
    success: false,
    iterations: 1,
    final_response: "You are out of credits. What was done so far is kept.",
    tool_calls_made: 0,
    completion_reason: "credits_exhausted",
  });
  chat.emit("done", {});
  expect(await screen.findByText(/^0 credits left\. Your plan adds 1,000 on /)).toBeVisible();
  expect(await screen.findAllByRole("button", { name: "Top up" })).toHaveLength(1);
  expect(screen.getAllByRole("button", { name: "Use my own key" })).toHaveLength(1);
  expect(screen.getByText("Waiting for credits.", { exact: false })).toBeVisible();
  expect(screen.getAllByText(/^You are out of credits\. What was done so far is kept\./)).toHaveLength(1);
  api.answer("chat.stream", refuse("insufficient_credits"));
  await user.type(await composer(), "And a cart{Enter}");
  expect(await screen.findByText("Not sent: you are out of credits.")).toBeVisible();
  expect(screen.getAllByRole("button", { name: "Top up" })).toHaveLength(1);
});
