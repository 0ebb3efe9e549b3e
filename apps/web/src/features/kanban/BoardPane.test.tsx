import { Board, BoardColumn, Card, CardRun } from "@tesslate/contract";
import {
  expect,
  expectAccessible,
  openPane,
  refuse,
  sample,
  sampleId,
  screen,
  signedIn,
  test,
  waitFor,
  within,
  type CannedApi,
} from "../../testing/index.ts";
import { BoardPane } from "./BoardPane.tsx";

const id = (n: number) => sampleId.slice(0, -2) + String(n).padStart(2, "0");
const card = (n: number, title: string, column: number, known: Partial<Card> = {}) =>
  sample(Card, { id: id(n), board_id: id(1), column_id: id(column), ref_number: n, title, ...known });
const column = (n: number, name: string, tasks: Card[], known: Partial<BoardColumn> = {}) =>
  sample(BoardColumn, { id: id(n), name, position: n, tasks, ...known });
const run = (known: Partial<CardRun>) => sample(CardRun, { chat_id: id(60), task_id: id(50), message: null, cost_cents: 0, ...known });
const board = (): Board =>
  sample(Board, {
    id: id(1),
    columns: [
      column(20, "To do", [card(31, "Draw the page", 20), card(32, "Store orders", 20)], { is_backlog: true }),
      column(21, "Doing", [card(33, "Send mails", 21)], { task_limit: 1 }),
      column(22, "Done", []),
    ],
  });
function begin(api: CannedApi): void {
  signedIn(api);
  api.answer("kanban.board", board());
}
const tile = (title: string) => screen.getByRole("button", { name: new RegExp(title) });

test("while it loads it says so; a failure can be tried again", async ({ api, show, user }) => {
  begin(api);
  const answer = api.hang("kanban.board");
  show(openPane(BoardPane).element);
  expect(await screen.findByRole("status", { name: "Loading board…" })).toBeVisible();
  answer(refuse("internal_error"));
  const alert = await screen.findByRole("alert");
  begin(api);
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  await screen.findByRole("region", { name: "To do, 2 cards" });
});

test("columns say how many they hold and may hold; an empty one says so", async ({ api, show }) => {
  begin(api);
  show(openPane(BoardPane).element);
  const doing = await screen.findByRole("region", { name: "Doing, 1 card" });
  expect(doing).toHaveTextContent("full");
  expect(screen.getByRole("region", { name: "Done, 0 cards" })).toHaveTextContent("No cards");
  await expectAccessible();
});

test("arrows walk over the cards, also to the next column", async ({ api, show, user }) => {
  begin(api);
  show(openPane(BoardPane).element);
  await screen.findByRole("region", { name: "To do, 2 cards" });
  tile("Draw the page").focus();
  await user.keyboard("{ArrowDown}");
  expect(tile("Store orders")).toHaveFocus();
  await user.keyboard("{ArrowRight}");
  expect(tile("Send mails")).toHaveFocus();
});

test("a card is moved by key at once, and put back when the server refuses", async ({ api, show, user }) => {
  begin(api);
  const answer = api.hang("kanban.updateCard");
  show(openPane(BoardPane).element);
  await screen.findByRole("region", { name: "To do, 2 cards" });
  tile("Send mails").focus();
  await user.keyboard("{Shift>}{ArrowRight}{/Shift}");
  await screen.findByRole("region", { name: "Done, 1 card" });
  expect(tile("Send mails")).toHaveFocus();
  answer(refuse("conflict", { detail: "The column is being deleted." }));
  await screen.findByRole("region", { name: "Done, 0 cards" });
  await screen.findByText(/The column is being deleted/);
});

test("a full column takes no card, and says how many it holds", async ({ api, show, user }) => {
  begin(api);
  show(openPane(BoardPane).element);
  await screen.findByRole("region", { name: "To do, 2 cards" });
  tile("Draw the page").focus();
  await user.keyboard("{Shift>}{ArrowRight}{/Shift}");
  expect(await screen.findByRole("alert")).toHaveTextContent(/1/);
  expect(api.asked("kanban.updateCard")).toEqual([]);
});

test("cards are written one after the other; the field stays until Escape", async ({ api, show, user }) => {
  begin(api);
  api.answer("kanban.createCard", ({ body }) => card(40, (body as { title: string }).title, 22));
  show(openPane(BoardPane).element);
  await user.click(await screen.findByRole("button", { name: "Add card to Done" }));
  const field = await screen.findByRole("textbox", { name: "Title of new card in Done" });
  expect(field).toHaveFocus();
  await user.type(field, "Ship it{Enter}");
  await screen.findByRole("region", { name: "Done, 1 card" });
  expect(screen.getByRole("textbox", { name: "Title of new card in Done" })).toHaveValue("");
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("textbox", { name: /Title of new card/ })).not.toBeInTheDocument();
});

test("“Run with agent” starts a run with the options of the composer, and the card shows it and opens its chat", async ({
  api,
  show,
  user,
}) => {
  begin(api);
  api.answer("kanban.runCard", ({ body }) => {
    expect(body).toEqual({ edit_mode: "allow", model: "openai/gpt-5.1" });
    return {
      task_id: id(50),
      status_url: `/api/tasks/${id(50)}`,
      chat_id: id(60),
      card: card(31, "Draw the page", 21, { run: run({ state: "running" }) }),
    };
  });
  const opened: string[] = [];
  const pane = openPane(BoardPane, {
    openChat: (chatId) => void opened.push(chatId),
    runOptions: () => ({ edit_mode: "allow", model: "openai/gpt-5.1" }),
  });
  show(pane.element);
  await screen.findByRole("region", { name: "To do, 2 cards" });
  await user.click(screen.getByRole("button", { name: "Actions for TSK-0031" }));
  await user.click(await screen.findByRole("menuitem", { name: "Run with agent" }));
  const doing = await screen.findByRole("region", { name: "Doing, 2 cards" });
  await user.click(within(doing).getByRole("button", { name: /^Working.*Open chat$/ }));
  expect(opened).toEqual([id(60)]);
  await expectAccessible();
});

test("a run that is refused says why; a card whose run failed says why and can be run again", async ({ api, show, user }) => {
  signedIn(api);
  const failed = run({ state: "failed", message: "The model refused the request.", cost_cents: 12 });
  api.answer("kanban.board", {
    ...board(),
    columns: [column(20, "To do", [card(31, "Draw the page", 20, { run: failed })])],
  });
  api.answer("kanban.getCard", { ...card(31, "Draw the page", 20, { run: failed }), comments: [], runs: [failed] });
  api.answer("kanban.runCard", refuse("task_limit_reached", { detail: "“Doing” is limited to 1 card." }));
  show(openPane(BoardPane).element);
  await screen.findByRole("region", { name: "To do, 1 card" });
  expect(tile("^Run failed.*The model refused the request\\..*Open chat$")).toHaveTextContent("$0.12");
  tile("Draw the page").focus();
  await user.keyboard("{Enter}");
  const dialog = await screen.findByRole("dialog");
  expect(within(dialog).getByText("The model refused the request.")).toBeVisible();
  await user.click(within(dialog).getByRole("button", { name: "Run again" }));
  await screen.findByText("“Doing” is limited to 1 card.");
  expect(api.asked("kanban.runCard")).toHaveLength(1);
});

test("a search leaves what matches and says how many; everything comes back", async ({ api, show, user }) => {
  begin(api);
  show(openPane(BoardPane).element);
  await screen.findByRole("region", { name: "To do, 2 cards" });
  await user.type(screen.getByRole("searchbox"), "orders");
  expect(await screen.findByText("Showing 1 of 3 cards")).toBeVisible();
  expect(screen.queryByText("Draw the page")).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Clear filters" }));
  expect(await screen.findByText("Draw the page")).toBeVisible();
});

test("Enter opens a card; closing it gives the focus back to its tile", async ({ api, show, user }) => {
  begin(api);
  api.answer("kanban.getCard", { ...card(31, "Draw the page", 20), comments: [], runs: [] });
  show(openPane(BoardPane).element);
  await screen.findByRole("region", { name: "To do, 2 cards" });
  tile("Draw the page").focus();
  await user.keyboard("{Enter}");
  await screen.findByRole("dialog");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(tile("Draw the page")).toHaveFocus());
});
