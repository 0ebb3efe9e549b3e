import { DataSource, QueryHistoryEntry, type ChangedRows, type DataChange, type ReadRows, type RowPage } from "@tesslate/contract";
import { vi } from "vitest";
import { expect, expectAccessible, openPane, refuse, sample, screen, test, waitFor, within, type CannedApi } from "../../testing/index.ts";
import { api as client, connection } from "../../api.ts";
import { ServicesContext, type Services } from "../../project/services.ts";
import { DataPane } from "./DataPane.tsx";

const database = sample(DataSource, { id: "0190a000-0000-7000-8000-00000000000a", kind: "postgres", name: "PostgreSQL", state: "ready" });
const column = { is_nullable: true, default: null, is_generated: false, enum_values: null, comment: null };
const columns: RowPage["columns"] = [
  { ...column, name: "id", type: "bigint", kind: "number", is_nullable: false },
  { ...column, name: "name", type: "text", kind: "text" },
  { ...column, name: "team_id", type: "bigint", kind: "number" },
  { ...column, name: "notes", type: "jsonb", kind: "json" },
];
const row = (id: number, name: string | null, truncated: number[] = []) => ({
  key: [String(id)],
  cells: [String(id), name, "7", '{"a": 1}'],
  truncated,
});
const page: RowPage = {
  columns,
  primary_key: ["id"],
  rows: [row(1, "Ada"), row(2, null), row(3, "Grace")],
  next: null,
  paging: "key",
};
const structure = {
  schema: "public",
  name: "people",
  kind: "table",
  columns,
  primary_key: ["id"],
  foreign_keys: [
    {
      name: "people_team_id_fkey",
      columns: ["team_id"],
      to_schema: "public",
      to_table: "teams",
      to_columns: ["id"],
      on_delete: "CASCADE",
      on_update: "NO ACTION",
    },
  ],
  row_estimate: 3,
  size_bytes: 16_384,
  indexes: [{ name: "people_pkey", is_unique: true, is_primary: true, columns: ["id"], definition: "CREATE UNIQUE INDEX people_pkey" }],
} as const;

function server(api: CannedApi, rows: RowPage = page): void {
  api.answer("databases.list", { items: [database] });
  api.answer("databases.tables", {
    items: [
      { schema: "public", name: "people", kind: "table", row_estimate: 3, size_bytes: 16_384, comment: null },
      { schema: "public", name: "teams", kind: "table", row_estimate: 1200, size_bytes: 16_384, comment: null },
      { schema: "audit", name: "entries", kind: "view", row_estimate: null, size_bytes: null, comment: null },
    ],
  });
  api.answer("databases.structure", ({ query }) => ({ ...structure, name: query.get("table") ?? "" }) as never);
  api.answer("databases.rows", rows);
}
const openPeople = async (show: (part: React.ReactNode) => unknown, user: { click: (element: Element) => Promise<void> }, known = {}) => {
  const pane = openPane(DataPane, known);
  show(pane.element);
  await user.click(await screen.findByRole("button", { name: /^people/ }));
  return { ...pane, grid: await screen.findByRole("grid", { name: "Rows of people" }) };
};
const cellsOf = (grid: HTMLElement) => within(grid).getAllByRole("gridcell");
const cell = (grid: HTMLElement, text: string) => {
  const found = cellsOf(grid).find((one) => one.textContent === text);
  if (!found) throw new Error(`No cell says ${text}.`);
  return found;
};
const requests = (api: CannedApi) => api.asked("databases.rows").map(({ body }) => body as ReadRows);
const changesSent = (api: CannedApi) => api.asked("databases.change").map(({ body }) => (body as { changes: DataChange[] }).changes);

test("the list has the count of a table whose rows are all shown", async ({ api, show, user }) => {
  server(api);
  const tables = [{ schema: "public", name: "people", kind: "table", row_estimate: 0, size_bytes: 16_384, comment: null }] as const;
  api.answer("databases.tables", { items: [...tables] });
  await openPeople(show, user);
  await waitFor(() => expect(screen.getByRole("button", { name: /^people/ })).toHaveTextContent(`people${page.rows.length}`));
});

test("a project without a database offers to add one, or to ask the agent", async ({ api, show, user }) => {
  api.answer("databases.list", { items: [] });
  api.answer("containers.services", { items: [] });
  const composed: string[] = [];
  show(openPane(DataPane, { compose: (text) => composed.push(text) }).element);
  expect(await screen.findByRole("heading", { name: "No databases yet" })).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Ask the agent" }));
  expect(composed[0]).toContain("PostgreSQL");
  api.answer("containers.create", refuse("bad_request", { detail: "A project has at most 20 containers." }));
  await user.click(screen.getByRole("button", { name: "Add PostgreSQL" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("at most 20 containers");
  expect(api.asked("containers.create")[0]?.body).toMatchObject({ container_type: "service", service_slug: "postgres" });
});

test("a stopped database says so and can be started; its tables are not loaded", async ({ api, show, user }) => {
  const container_id = "0190a000-0000-7000-8000-00000000000b";
  api.answer("databases.list", { items: [{ ...database, state: "stopped", message: "PostgreSQL is stopped.", container_id }] });
  api.answer("containers.start", { task_id: null });
  const containers = [{ id: container_id, name: "PostgreSQL", status: "stopped", deployment_mode: "container" }] as never;
  show(openPane(DataPane, { containers }).element);
  expect(await screen.findByRole("heading", { name: "PostgreSQL is stopped" })).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Start PostgreSQL" }));
  await waitFor(() => expect(api.asked("containers.start")).toHaveLength(1));
  expect(api.asked("databases.tables")).toEqual([]);
});

test.describe("the data of deployments", () => {
  const container_id = "0190a000-0000-7000-8000-00000000000b";
  const own = { ...database, container_id, environment: "development" as const };
  const live = { ...own, id: `deployed-production-${container_id}`, environment: "production" as const };
  const choose = async (user: { click: (element: Element) => Promise<void> }, name: string) => {
    await user.click(await screen.findByRole("combobox", { name: "Environment" }));
    await user.click(await screen.findByRole("option", { name }));
  };

  test("is named above its open table on a phone, where the list of databases is another page", async ({ api, show, user }) => {
    const matches = vi
      .spyOn(window, "matchMedia")
      .mockImplementation(
        (media) =>
          ({ media, matches: media.includes("640px"), addEventListener: () => undefined, removeEventListener: () => undefined }) as never,
      );
    server(api);
    api.answer("databases.list", { items: [own, live] });
    show(openPane(DataPane).element);
    await choose(user, "Production");
    await user.click(await screen.findByRole("button", { name: /^people/ }));
    await screen.findByRole("heading", { name: "people" });
    expect(screen.queryByRole("combobox", { name: "Environment" })).toBeNull();
    expect(screen.getByText("Production")).toBeVisible();
    await expectAccessible();
    matches.mockRestore();
  });

  test("is opened on request, read-only, and a change of it is asked with what it means", async ({ api, show, user }) => {
    server(api);
    api.answer("databases.list", { items: [own, live] });
    show(openPane(DataPane).element);
    await screen.findByRole("button", { name: /^people/ });
    expect(screen.getByRole("combobox", { name: "Environment" })).toHaveTextContent("Development");
    expect(api.asked("databases.tables").map(({ params }) => params["database_id"])).toEqual([own.id]);
    await choose(user, "Production");
    await user.click(await screen.findByRole("button", { name: /^people/ }));
    await screen.findByRole("grid", { name: "Rows of people" });
    expect(api.asked("databases.rows").at(-1)?.params["database_id"]).toBe(live.id);
    await user.click(screen.getByRole("button", { name: "Read-only. Allow changes" }));
    const question = await screen.findByRole("alertdialog", { name: "Allow changes to PostgreSQL (Production) in this session?" });
    expect(question).toHaveTextContent("visitors see changes at once");
    await expectAccessible();
  });

  test("is not opened instead of the project's, and a stopped one is not started from here", async ({ api, show, user }) => {
    server(api);
    api.answer("databases.list", {
      items: [
        { ...own, state: "stopped", message: "PostgreSQL is stopped." },
        { ...live, state: "stopped", message: "It runs while a version of the app is deployed." },
      ],
    });
    const containers = [{ id: container_id, name: "PostgreSQL", status: "stopped", deployment_mode: "container" }] as never;
    show(openPane(DataPane, { containers }).element);
    expect(await screen.findByRole("button", { name: "Start PostgreSQL" })).toBeVisible();
    await choose(user, "Production");
    expect(await screen.findByText("It runs while a version of the app is deployed.")).toBeVisible();
    expect(screen.queryByRole("button", { name: "Start PostgreSQL" })).not.toBeInTheDocument();
  });

  test("needs no choice where nothing is deployed", async ({ api, show }) => {
    server(api);
    show(openPane(DataPane).element);
    await screen.findByRole("button", { name: /^people/ });
    expect(screen.queryByRole("combobox", { name: "Environment" })).not.toBeInTheDocument();
  });
});

test("tables are grouped by schema and searched on the server; an error shows what the database said", async ({ api, show, user }) => {
  server(api);
  show(openPane(DataPane).element);
  expect(await screen.findByRole("heading", { name: "audit" })).toBeVisible();
  expect(screen.getByRole("button", { name: /^teams/ })).toHaveTextContent("1.2k");
  api.answer("databases.tables", { items: [] });
  await user.type(screen.getByRole("searchbox", { name: "Search tables" }), "zebra");
  expect(await screen.findByText("No results for “zebra”")).toBeVisible();
  expect(api.asked("databases.tables").at(-1)?.query.get("q")).toBe("zebra");
  api.answer("databases.tables", refuse("database_unreachable", { detail: "PostgreSQL doesn't accept connections." }));
  await user.clear(screen.getByRole("searchbox", { name: "Search tables" }));
  await user.type(screen.getByRole("searchbox", { name: "Search tables" }), "other");
  expect(await screen.findByRole("alert")).toHaveTextContent("doesn't accept connections");
});

test("rows are a grid that is read with the keyboard", async ({ api, show, user }) => {
  server(api);
  const { grid } = await openPeople(show, user);
  expect(grid).toHaveAttribute("aria-colcount", "5");
  expect(grid).toHaveAttribute("aria-rowcount", "4");
  expect(within(grid).getAllByRole("columnheader").map((one) => one.textContent)).toEqual(["", "id", "name", "team_id", "notes"]);
  expect(cell(grid, "NULL")).toBeVisible();
  grid.focus();
  const current = () => document.getElementById(grid.getAttribute("aria-activedescendant") ?? "")?.textContent;
  expect(current()).toBe("1");
  await user.keyboard("{ArrowDown}{ArrowRight}");
  expect(current()).toBe("NULL");
  await user.keyboard("{Control>}{End}{/Control}");
  expect(current()).toBe('{"a": 1}');
  await user.keyboard("{Home}{ArrowUp}{ArrowUp}{ArrowUp}");
  expect(current()).toBe("id");
  await expectAccessible();
});

test("heads sort, with Shift by several columns", async ({ api, show, user }) => {
  server(api);
  const { grid } = await openPeople(show, user);
  const head = (name: string) => within(grid).getByRole("columnheader", { name: new RegExp(name) });
  await user.click(within(head("name")).getByRole("button"));
  await waitFor(() => expect(requests(api).at(-1)?.sort).toEqual([{ column: "name", direction: "asc" }]));
  expect(head("name")).toHaveAttribute("aria-sort", "ascending");
  // From the keyboard: the head is above the first row.
  grid.focus();
  await user.keyboard("{Control>}{Home}{/Control}{ArrowUp}{Shift>}{Enter}{/Shift}");
  await waitFor(() =>
    expect(requests(api).at(-1)?.sort).toEqual([
      { column: "name", direction: "asc" },
      { column: "id", direction: "asc" },
    ]),
  );
});

test("a filter is added, shown in words and removed", async ({ api, show, user }) => {
  server(api);
  await openPeople(show, user);
  await user.click(screen.getByRole("button", { name: "Filter" }));
  await user.type(await screen.findByRole("textbox", { name: "Value" }), "2");
  await user.click(screen.getByRole("button", { name: "Apply filter" }));
  await waitFor(() => expect(requests(api).at(-1)).toMatchObject({ filters: [{ column: "id", op: "eq", value: "2" }], match: "all" }));
  await user.click(await screen.findByRole("button", { name: "Remove filter: id equals 2" }));
  await waitFor(() => expect(screen.queryByRole("button", { name: "id equals 2" })).toBeNull());
  expect(screen.getByRole("button", { name: "Filter" })).toBeVisible();
});

test("a filter that the database refuses stays, and can be removed", async ({ api, show, user }) => {
  server(api);
  await openPeople(show, user);
  await user.click(screen.getByRole("button", { name: "Filter" }));
  await user.type(await screen.findByRole("textbox", { name: "Value" }), "ten");
  api.answer("databases.rows", refuse("sql_error", { detail: 'Invalid input syntax for type integer: "ten".' }));
  await user.click(screen.getByRole("button", { name: "Apply filter" }));
  expect(await screen.findByText(/Invalid input syntax/)).toBeVisible();
  expect(screen.getByRole("button", { name: "id equals ten" })).toBeVisible();
  server(api);
  await user.click(screen.getByRole("button", { name: "Remove filter: id equals ten" }));
  await waitFor(() => expect(screen.queryByText(/Invalid input syntax/)).toBeNull());
  expect(await screen.findByRole("button", { name: "Filter" })).toBeVisible();
});

test("pages are turned by cursor, and rows are counted on request", async ({ api, show, user }) => {
  server(api, { ...page, next: "cursor-2" });
  await openPeople(show, user);
  expect(screen.getByText("Rows 1–3")).toBeVisible();
  api.answer("databases.rows", { ...page, rows: [row(4, "Edsger")], next: null });
  await user.click(screen.getByRole("button", { name: "Next page" }));
  expect(await screen.findByText("Rows 4–4")).toBeVisible();
  expect(requests(api).at(-1)?.after).toBe("cursor-2");
  expect(screen.getByRole("button", { name: "Next page" })).toBeDisabled();
  api.answer("databases.count", { count: 4 });
  await user.click(screen.getByRole("button", { name: "Count rows" }));
  expect(await screen.findByText("Rows 4–4 of 4")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Previous page" }));
  expect(await screen.findByText("Rows 1–3 of 4")).toBeVisible();
});

test("the first edit asks; the value is sent with what it replaces, and can be undone", async ({ api, show, user }) => {
  server(api);
  const { grid } = await openPeople(show, user);
  const inverse: DataChange[] = [
    { kind: "update", schema: "public", table: "people", key: { id: "1" }, values: { name: "Ada" }, expected: { name: "Lin" } },
  ];
  api.answer("databases.change", { rows: [row(1, "Lin")], inverse } satisfies ChangedRows);
  grid.focus();
  await user.keyboard("{ArrowRight}{Enter}");
  const question = await screen.findByRole("alertdialog", { name: "Allow changes to PostgreSQL in this session?" });
  await user.click(within(question).getByRole("button", { name: "Allow changes" }));
  const field = await screen.findByRole("textbox", { name: "name" });
  await user.clear(field);
  await user.type(field, "Lin{Enter}");
  await waitFor(() =>
    expect(changesSent(api)[0]).toEqual([
      { kind: "update", schema: "public", table: "people", key: { id: "1" }, values: { name: "Lin" }, expected: { name: "Ada" } },
    ]),
  );
  await screen.findByText("“name” updated.");
  grid.focus();
  await user.keyboard("{Control>}z{/Control}");
  await waitFor(() => expect(changesSent(api)[1]).toEqual(inverse));
  await screen.findByText("Undone: “name” updated.");
  // It can be turned off again: the next edit asks.
  await user.click(screen.getByRole("button", { name: "Changes allowed. Turn changes off" }));
  grid.focus();
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("alertdialog")).toBeVisible();
});

test("a refused value stays in its editor with the reason; Esc discards it", async ({ api, show, user }) => {
  server(api);
  const { grid } = await openPeople(show, user);
  await user.click(screen.getByRole("button", { name: "Read-only. Allow changes" }));
  await user.click(await screen.findByRole("button", { name: "Allow changes" }));
  await waitFor(() => expect(screen.queryByRole("alertdialog")).toBeNull());
  grid.focus();
  // JSON is checked before it is sent.
  await user.keyboard("{End}{Enter}");
  await user.clear(await screen.findByRole("textbox", { name: "notes" }));
  await user.type(screen.getByRole("textbox", { name: "notes" }), "oops");
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("Enter valid JSON.");
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("textbox", { name: "notes" })).toBeNull();
  expect(changesSent(api)).toEqual([]);
  api.answer(
    "databases.change",
    refuse("sql_error", { detail: "invalid input syntax for type bigint", details: { message: "invalid input syntax for type bigint" } }),
  );
  await user.keyboard("{Home}{ArrowRight}{ArrowRight}{Enter}");
  await user.clear(await screen.findByRole("textbox", { name: "team_id" }));
  await user.type(screen.getByRole("textbox", { name: "team_id" }), "seven");
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("invalid input syntax");
  expect(screen.getByRole("textbox", { name: "team_id" })).toHaveValue("seven");
});

test("a row that was changed meanwhile shows both values; mine is saved over it", async ({ api, show, user }) => {
  server(api);
  const { grid } = await openPeople(show, user);
  await user.click(screen.getByRole("button", { name: "Read-only. Allow changes" }));
  await user.click(await screen.findByRole("button", { name: "Allow changes" }));
  await waitFor(() => expect(screen.queryByRole("alertdialog")).toBeNull());
  api.answer("databases.change", refuse("row_changed", { detail: "The row was changed.", details: { index: 0 } }));
  grid.focus();
  await user.keyboard("{ArrowRight}{Enter}");
  api.answer("databases.rows", { ...page, rows: [row(1, "Alan")] });
  await user.clear(await screen.findByRole("textbox", { name: "name" }));
  await user.type(screen.getByRole("textbox", { name: "name" }), "Lin{Enter}");
  const dialog = await screen.findByRole("dialog", { name: "This row was changed" });
  expect(await within(dialog).findByText("Alan")).toBeVisible();
  expect(within(dialog).getByText("Lin")).toBeVisible();
  api.answer("databases.change", { rows: [row(1, "Lin")], inverse: [] });
  await user.click(within(dialog).getByRole("button", { name: "Save your value" }));
  await waitFor(() => expect(changesSent(api)[1]).toMatchObject([{ values: { name: "Lin" }, expected: { name: "Alan" } }]));
});

test("selected rows are copied and deleted", async ({ api, show, user }) => {
  server(api);
  const { grid } = await openPeople(show, user);
  grid.focus();
  await user.keyboard(" {ArrowDown} ");
  expect(screen.getByText("2 selected")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Copy" }));
  await user.click(await screen.findByRole("menuitem", { name: "Copy as CSV" }));
  await waitFor(async () => expect(await navigator.clipboard.readText()).toBe('id,name,team_id,notes\n1,Ada,7,"{""a"": 1}"\n2,,7,"{""a"": 1}"'));
  api.answer("databases.change", refuse("sql_error", { detail: "Other rows refer to this row.", details: { message: "violates foreign key" } }));
  await user.click(screen.getByRole("button", { name: "Delete rows" }));
  await user.click(await screen.findByRole("button", { name: "Allow changes" }));
  expect(await screen.findByText(/Couldn't delete 2 rows. Other rows refer to this row./)).toBeVisible();
  expect(changesSent(api)[0]).toEqual([
    { kind: "delete", schema: "public", table: "people", key: { id: "1" } },
    { kind: "delete", schema: "public", table: "people", key: { id: "2" } },
  ]);
});

test("a new row has the defaults of what is not filled in", async ({ api, show, user }) => {
  server(api);
  await openPeople(show, user);
  await user.click(screen.getByRole("button", { name: "New row" }));
  await user.click(await screen.findByRole("button", { name: "Allow changes" }));
  const sheet = await screen.findByRole("dialog", { name: "New row in people" });
  await user.type(within(sheet).getByRole("textbox", { name: /^name/ }), "Barbara");
  api.answer("databases.change", { rows: [row(9, "Barbara")], inverse: [] });
  await user.click(within(sheet).getByRole("button", { name: "Add row" }));
  await waitFor(() =>
    expect(changesSent(api)[0]).toEqual([{ kind: "insert", schema: "public", table: "people", values: { name: "Barbara" } }]),
  );
});

test("a foreign key opens the row that it points to", async ({ api, show, user }) => {
  server(api);
  const { grid } = await openPeople(show, user);
  grid.focus();
  await user.keyboard("{ArrowRight}{ArrowRight}{Alt>}{Enter}{/Alt}");
  await waitFor(() => expect(requests(api).at(-1)).toMatchObject({ table: "teams", filters: [{ column: "id", op: "eq", value: "7" }] }));
});

test("a long value is loaded whole", async ({ api, show, user }) => {
  server(api, { ...page, rows: [row(1, "Ada", [1])] });
  const { grid } = await openPeople(show, user);
  api.answer("databases.cell", { value: "Ada Lovelace", bytes: 12, is_truncated: false });
  await user.click(within(grid).getByRole("button", { name: "Show all of name" }));
  expect(await screen.findByText("Ada Lovelace")).toBeVisible();
  expect(api.asked("databases.cell")[0]?.body).toEqual({ schema: "public", table: "people", key: { id: "1" }, column: "name" });
});

test("views and tables without a primary key have no controls to edit rows", async ({ api, show, user }) => {
  server(api, { ...page, primary_key: [], paging: "offset", next: "2", rows: page.rows.map((one) => ({ ...one, key: null })) });
  api.answer("databases.structure", { ...structure, kind: "view", primary_key: [], foreign_keys: [] } as never);
  const { grid } = await openPeople(show, user);
  expect(screen.getByText(/has no primary key/)).toBeVisible();
  expect(screen.queryByRole("button", { name: "New row" })).toBeNull();
  expect(screen.queryByRole("button", { name: /Allow changes/ })).toBeNull();
  grid.focus();
  await user.keyboard("{Enter}");
  expect(screen.queryByRole("textbox", { name: "id" })).toBeNull();
  const sheet = await screen.findByRole("dialog", { name: "Row 1 of people" });
  expect(within(sheet).queryByRole("button", { name: /Delete|Edit/ })).toBeNull();
});

test("a locked table and a time limit are named, with Retry", async ({ api, show, user }) => {
  server(api);
  api.answer("databases.rows", refuse("table_locked", { detail: "Another transaction holds a lock on “people”." }));
  show(openPane(DataPane).element);
  await user.click(await screen.findByRole("button", { name: /^people/ }));
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("This table is locked");
  api.answer("databases.rows", refuse("query_timeout", { detail: "Reading took longer than 15 seconds." }));
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  expect(await screen.findByText("Add a filter, or sort by a column with an index.")).toBeVisible();
});

test("structure lists columns, keys and indexes", async ({ api, show, user }) => {
  server(api);
  await openPeople(show, user);
  await user.click(screen.getByRole("radio", { name: "Structure" }));
  expect(await screen.findByRole("table", { name: "Columns" })).toHaveTextContent("team_id");
  expect(screen.getByRole("table", { name: "Foreign keys" })).toHaveTextContent("CASCADE");
  expect(screen.getByRole("table", { name: "Indexes" })).toHaveTextContent("Primary key");
});

const openSql = async (show: (part: React.ReactNode) => unknown, user: { click: (element: Element) => Promise<void> }, api: CannedApi) => {
  server(api);
  api.answer("databases.schema", { tables: [{ ...structure, columns, primary_key: ["id"] }] } as never);
  const composed: string[] = [];
  show(openPane(DataPane, { compose: (text) => composed.push(text) }).element);
  await user.click(await screen.findByRole("button", { name: "SQL" }));
  const editor = await screen.findByRole("textbox", { name: "SQL" });
  return { composed, editor };
};
const result = {
  command: "SELECT",
  columns: [{ name: "n", type: "integer", kind: "number" as const }],
  rows: [{ cells: ["1"], truncated: [] }],
  has_more: false,
  affected: null,
  duration_ms: 2,
};
const draft = (sql: string) =>
  localStorage.setItem(
    `studio:sql:0190a000-0000-7000-8000-000000000001:${database.id}`,
    JSON.stringify(sql),
  );

test("SQL that reads runs read-only; each statement has a result", async ({ api, show, user }) => {
  draft("select 1; select 2");
  await openSql(show, user, api);
  api.answer("databases.query", { results: [result, { ...result, rows: [{ cells: ["2"], truncated: [] }] }], duration_ms: 5 });
  await user.click(screen.getByRole("button", { name: /^Run/ }));
  expect(await screen.findByRole("grid", { name: "Result of SELECT" })).toHaveTextContent("2");
  expect(screen.getAllByRole("tab")).toHaveLength(2);
  await user.click(screen.getAllByRole("tab")[0] as HTMLElement);
  expect(cellsOf(screen.getByRole("grid"))[0]).toHaveTextContent("1");
  expect(api.asked("databases.query")[0]?.body).toEqual({ sql: "select 1; select 2", limit: 100 });
  api.answer("databases.history", {
    items: [
      sample(QueryHistoryEntry, { database_id: database.id, sql: "select 3", error: "It failed." }),
      sample(QueryHistoryEntry, { id: "0190a000-0000-7000-8000-00000000000c", database_id: "another", sql: "select 4" }),
    ],
  });
  await user.click(screen.getByRole("button", { name: "History" }));
  expect(await screen.findByRole("list", { name: "Statements" })).toHaveTextContent("select 3");
  expect(screen.queryByText("select 4")).toBeNull();
  await user.click(screen.getByText("select 3"));
  await waitFor(() => expect(screen.getByRole("textbox", { name: "SQL" })).toHaveTextContent("select 3"));
});

test("SQL that writes asks first; refused, nothing is sent", async ({ api, show, user }) => {
  draft("update people set name = 'x'");
  await openSql(show, user, api);
  await user.click(screen.getByRole("button", { name: /^Run/ }));
  await user.click(within(await screen.findByRole("alertdialog")).getByRole("button", { name: /Cancel/ }));
  expect(await screen.findByRole("heading", { name: "Not run" })).toBeVisible();
  expect(api.asked("databases.execute")).toEqual([]);
  api.answer("databases.execute", { results: [{ ...result, command: "UPDATE", columns: [], rows: [], affected: 3 }], duration_ms: 5 });
  await user.click(screen.getByRole("button", { name: /^Run/ }));
  await user.click(await screen.findByRole("button", { name: "Allow changes" }));
  expect(await screen.findByRole("heading", { name: "3 rows changed" })).toBeVisible();
  expect(api.asked("databases.execute")[0]?.body).toMatchObject({ write: true });
});

test("a query that turns out to write asks after the database refused it", async ({ api, show, user }) => {
  draft("select delete_everything()");
  await openSql(show, user, api);
  api.answer("databases.query", refuse("read_only_query", { detail: "The statement writes." }));
  api.answer("databases.execute", { results: [result], duration_ms: 5 });
  await user.click(screen.getByRole("button", { name: /^Run/ }));
  await user.click(await screen.findByRole("button", { name: "Allow changes" }));
  expect(await screen.findByRole("grid", { name: "Result of SELECT" })).toBeVisible();
});

test("an error is marked where it is, and can be given to the agent; a running query can be canceled", async ({ api, show, user }) => {
  draft("select nope from people");
  const { composed } = await openSql(show, user, api);
  const details = { message: 'column "nope" does not exist', sqlstate: "42703", position: 7, hint: "Did you mean name?" };
  api.answer("databases.query", refuse("sql_error", { detail: "The statement failed.", details }));
  await user.click(screen.getByRole("button", { name: /^Run/ }));
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent('column "nope" does not exist');
  expect(alert).toHaveTextContent("Line 1 · SQLSTATE 42703");
  await waitFor(() => expect(document.querySelector(".cm-lintRange-error")).toHaveTextContent("nope"));
  await user.click(within(alert).getByRole("button", { name: "Ask the agent" }));
  expect(composed[0]).toContain("select nope from people");
  api.hang("databases.query");
  await user.click(screen.getByRole("button", { name: /^Run/ }));
  await user.click(await screen.findByRole("button", { name: "Cancel" }));
  expect(await screen.findByRole("heading", { name: "Query canceled" })).toBeVisible();
});

test("Explain draws the plan", async ({ api, show, user }) => {
  draft("select * from people");
  await openSql(show, user, api);
  const plan = [{ Plan: { "Node Type": "Seq Scan", "Relation Name": "people", "Total Cost": 22.7, "Plan Rows": 1270 } }];
  api.answer("databases.explain", { format: "postgres", plan });
  await user.click(screen.getByRole("button", { name: "Explain" }));
  await user.click(await screen.findByRole("menuitem", { name: /^Show plan/ }));
  expect(await screen.findByText("Seq Scan on people")).toBeVisible();
  expect(screen.getByText("Cost 22.70 · 1,270 rows expected")).toBeVisible();
  expect(api.asked("databases.explain")[0]?.body).toEqual({ sql: "select * from people", analyze: false });
});

test("a CSV file is mapped to columns and imported; an error names line and column", async ({ api, show, user }) => {
  server(api);
  const services: Services = { api: client, uploading: () => client, openSocket: () => new WebSocket("ws://localhost"), connection };
  await openPeople((part) => show(<ServicesContext value={services}>{part}</ServicesContext>), user);
  await user.click(screen.getByRole("button", { name: "Import and export" }));
  await user.click(await screen.findByRole("menuitem", { name: "Import CSV…" }));
  await user.click(await screen.findByRole("button", { name: "Allow changes" }));
  const dialog = await screen.findByRole("dialog", { name: "Import CSV into people" });
  await user.upload(within(dialog).getByLabelText("CSV file"), new File(["name;shoe size\nAda;36\n"], "people.csv", { type: "text/csv" }));
  expect(await within(dialog).findByRole("combobox", { name: "Column for field 1" })).toHaveTextContent("name");
  expect(within(dialog).getByRole("combobox", { name: "Column for field 2" })).toHaveTextContent("Skip field");
  api.answer(
    "databases.importTable",
    refuse("import_failed", { detail: "The import failed.", details: { message: "value too long", line: 2, column: "name" } }),
  );
  await user.click(within(dialog).getByRole("button", { name: "Import rows" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent("Line 2, column name: value too long. Nothing was added.");
  api.answer("databases.importTable", { rows: 1 });
  await user.click(within(dialog).getByRole("button", { name: "Import rows" }));
  await screen.findByText("1 row imported into people.");
  const form = api.asked("databases.importTable")[1]?.body as FormData;
  expect([...form.keys()]).toEqual(["schema", "table", "columns", "has_header", "delimiter", "file"]);
  expect(form.get("columns")).toBe('["name",null]');
  expect(form.get("delimiter")).toBe(";");
});
