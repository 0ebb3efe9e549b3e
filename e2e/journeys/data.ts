/// <reference lib="dom" />
/** The Data view with a real PostgreSQL: rows, edits with undo, SQL, structure, relations, CSV; 100,000 rows; phones. */
import type { Page } from "playwright-core";
import { createProject, signUp, type Account } from "../account.ts";
import { signIn, type WatchedWindow } from "../browser.ts";
import { expect, journey, note, until } from "../journey.ts";
import { allVariants, animationsEnded, checkScreens, expectAccessible, expectNoProblems, shot } from "../screens.ts";

const schema = `
create table bakers (
  id bigint generated always as identity primary key,
  name text not null,
  email text unique,
  is_active boolean not null default true,
  settings jsonb,
  joined_at timestamptz not null default now()
);
comment on table bakers is 'Who bakes.';
create table orders (
  id bigint generated always as identity primary key,
  baker_id bigint references bakers on delete set null,
  status text not null default 'open' check (status in ('open', 'baked', 'sold')),
  price numeric(8, 2) not null,
  note text
);
create index orders_baker_id on orders (baker_id);
create view open_orders as select * from orders where status = 'open';
insert into bakers (name, email, settings) values
  ('Nadia Brook', 'nadia@example.com', '{"oven": 2}'),
  ('Tom Ash', null, null),
  ('Iris Vale', 'iris@example.com', '{"oven": 1, "days": ["mon", "fri"]}');
insert into orders (baker_id, status, price, note)
  select 1 + i % 3, (array['open', 'baked', 'sold'])[1 + i % 3], (i % 900) / 10.0, case when i % 7 = 0 then 'Slice it, please.' end
  from generate_series(1, 100000) i;
insert into orders (baker_id, price, note) values (1, 5, repeat('A long note. ', 400));
analyze;`;

export default journey({ templates: ["node-api"] }, async (context) => {
  const { studio } = context;
  let browser: WatchedWindow | undefined;
  let account: Account;
  let project: { id: string; slug: string };
  let databaseId = "";

  const page = (): Page => (browser as WatchedWindow).page;
  const params = () => ({ id: project.id, database_id: databaseId });
  const query = async (sql: string) =>
    (await account.api.databases.query({ params: params(), body: { sql } })).results[0]?.rows.map(({ cells }) => cells) ?? [];
  const list = () => page().getByRole("navigation", { name: "Databases and tables" });
  const grid = (name = "Rows of bakers") => page().getByRole("grid", { name });
  const openTable = async (name: string) => {
    await list()
      .getByRole("button", { name: new RegExp(`^${name}`) })
      .click();
    await grid(`Rows of ${name}`).waitFor();
  };
  const cell = (text: string, name?: string) => grid(name).getByRole("gridcell", { name: text, exact: true }).first();
  const run = async (sql: string) => {
    const editor = page().getByRole("textbox", { name: "SQL" });
    await editor.click();
    await page().keyboard.press("ControlOrMeta+a");
    await page().keyboard.insertText(sql);
    await page().keyboard.press("ControlOrMeta+Enter");
  };
  const dismissToasts = async () => {
    const close = page().locator("[data-sonner-toast]").getByRole("button", { name: "Close" });
    // A toast may close by itself before it is clicked.
    while ((await close.count()) > 0)
      await close
        .first()
        .click({ timeout: 1000 })
        .catch(() => undefined);
  };

  return [
    {
      name: "without a database there is one button that adds PostgreSQL; stopped, it can be started",
      run: async () => {
        account = await signUp(studio.url);
        project = await createProject(account, "Bakery", "node-api");
        browser = await context.openWindow();
        await signIn(page(), studio.url, account);
        await page().goto(`${studio.url}/p/${project.slug}/data`);
        await page().getByRole("heading", { name: "No databases yet" }).waitFor();
        await checkScreens(page(), "data-empty", { view: "Data" });
        await page().getByRole("button", { name: "Add PostgreSQL" }).click();
        await list()
          .getByRole("button", { name: /^PostgreSQL/ })
          .waitFor();
        const database = (await account.api.databases.list({ params: { id: project.id } })).items[0];
        expect(database?.kind === "postgres", "the database is listed");
        databaseId = database.id;
        // In a running project it starts at once.
        await until("the database runs or is stopped", async () => {
          const { state } = (await account.api.databases.list({ params: { id: project.id } })).items[0] ?? {};
          if (state === "ready") await account.api.containers.stop({ params: { id: project.id, container_id: databaseId } });
          return state === "stopped";
        });
        await page().getByRole("heading", { name: "PostgreSQL is stopped" }).waitFor();
        await expectAccessible(page(), "data, stopped");
        await shot(page(), "data-stopped");
        await page().getByRole("button", { name: "Start PostgreSQL" }).click();
        await page().getByText("No tables yet. They appear here").waitFor({ timeout: 60_000 });
      },
    },
    {
      name: "SQL: writing asks once, several results, errors are marked, a running query is canceled, plans are drawn",
      run: async () => {
        await list().getByRole("button", { name: "SQL", exact: true }).click();
        await run(schema);
        await page().getByRole("button", { name: "Allow changes", exact: true }).click();
        await page()
          .getByRole("region", { name: "Results" })
          .getByRole("heading", { name: /changed|done/ })
          .waitFor();
        await run("select count(*) from orders; select name, settings from bakers order by id");
        await page().getByRole("grid", { name: "Result of SELECT" }).getByText("Nadia Brook").waitFor();
        expect(
          (await page()
            .getByRole("tab", { name: /SELECT/ })
            .count()) === 2,
          "two statements have two results",
        );
        await checkScreens(page(), "data-sql", { view: "Data" });
        await run("select id, nmae from bakers");
        await page().getByRole("alert").filter({ hasText: "nmae" }).waitFor();
        await page().locator(".cm-lintRange-error", { hasText: "nmae" }).waitFor();
        await shot(page(), "data-sql-error");
        await expectAccessible(page(), "data, SQL error");
        await run("select pg_sleep(20)");
        await page().getByRole("button", { name: "Cancel", exact: true }).click();
        await page().getByRole("heading", { name: "Query canceled" }).waitFor();
        await until(
          "the database stopped the query",
          async () =>
            (
              await query(
                "select count(*) from pg_stat_activity where query like '%pg_sleep(20)%' and state = 'active' and pid <> pg_backend_pid()",
              )
            )[0]?.[0] === "0",
        );
        await run("select b.name, sum(o.price) from orders o join bakers b on b.id = o.baker_id where o.status = 'open' group by 1");
        await page().getByRole("grid", { name: "Result of SELECT" }).getByText("Nadia Brook").waitFor();
        await page().getByRole("button", { name: "Explain", exact: true }).click();
        await page()
          .getByRole("menuitem", { name: /^Run and show plan/ })
          .click();
        await page()
          .getByText(/^Ran in/)
          .waitFor();
        await shot(page(), "data-plan");
        await expectAccessible(page(), "data, plan");
        await page().getByRole("button", { name: "History", exact: true }).click();
        await page().getByRole("searchbox", { name: "Search history" }).fill("nmae");
        await page().getByRole("list", { name: "Statements" }).getByText("Failed").waitFor();
        await page().keyboard.press("Escape");
      },
    },
    {
      name: "rows are sorted, filtered and paged in the address; 100,000 rows stay a page in memory",
      run: async () => {
        await openTable("orders");
        await page()
          .getByText(/^Rows 1–100 of about/)
          .waitFor();
        await page().getByRole("button", { name: "Count rows" }).click();
        await page().getByText("Rows 1–100 of 100,001").waitFor();
        const session = await page().context().newCDPSession(page());
        const heap = async () => {
          await session.send("HeapProfiler.collectGarbage");
          return (await session.send("Runtime.getHeapUsage")).usedSize;
        };
        const before = await heap();
        for (let turn = 1; turn <= 30; turn += 1) {
          await page().getByRole("button", { name: "Next page" }).click();
          await page()
            .getByText(`Rows ${(turn * 100 + 1).toLocaleString("en-US")}–`)
            .waitFor();
        }
        const nodes = await grid("Rows of orders").getByRole("gridcell").count();
        note(`30 pages: ${((await heap()) / 2 ** 20 - before / 2 ** 20).toFixed(1)} MiB more than with one, ${nodes} cells in the page`);
        expect(nodes < 700, `${nodes} cells are rendered`);
        await page().getByRole("columnheader", { name: /price/ }).getByRole("button").click();
        await page().getByRole("columnheader", { name: /price/, exact: false }).and(page().locator("[aria-sort=ascending]")).waitFor();
        await page()
          .getByRole("columnheader", { name: /\bid\b/ })
          .getByRole("button")
          .click({ modifiers: ["Shift"] });
        await page().getByRole("button", { name: "Filter", exact: true }).click();
        await page().getByRole("combobox", { name: "Column" }).click();
        await page()
          .getByRole("option", { name: /^status/ })
          .click();
        await page().getByRole("combobox", { name: "Operator" }).click();
        await page().getByRole("option", { name: "equals", exact: true }).click();
        await page().getByRole("textbox", { name: "Value" }).fill("sold");
        await shot(page(), "data-filter");
        await page().getByRole("button", { name: "Apply filter" }).click();
        await page().getByRole("button", { name: "status equals sold", exact: true }).waitFor();
        expect(page().url().includes("filters="), "the filter is in the address");
        await page().reload();
        await page().getByRole("button", { name: "status equals sold", exact: true }).waitFor();
        await cell("sold", "Rows of orders").waitFor();
        expect((await page().locator("[role=columnheader][aria-sort]").count()) === 2, "the order survives a reload");
        await checkScreens(page(), "data-rows", { view: "Data", variants: allVariants });
        // Long values are loaded whole.
        const filters = JSON.stringify([{ column: "id", op: "eq", value: "100001" }]);
        await page().goto(
          `${studio.url}/p/${project.slug}/data?database=${databaseId}&schema=public&table=orders&filters=${encodeURIComponent(filters)}`,
        );
        await page().getByRole("button", { name: "Show all of note" }).click();
        await page().getByRole("group", { name: "Value of note" }).waitFor();
        await page().keyboard.press("Escape");
        // A foreign key opens the row that it points to.
        await page().getByRole("button", { name: "Open row in bakers" }).first().click();
        await cell("Nadia Brook").waitFor();
      },
    },
    {
      name: "values are edited with the keyboard and undone; conflicts show both values; rows are added and deleted",
      run: async () => {
        await page()
          .getByRole("button", { name: /^Remove filter/ })
          .click();
        await cell("Iris Vale").waitFor();
        await cell("Nadia Brook").click();
        await page().keyboard.press("Enter");
        // Changes were allowed with the first statement.
        await page().getByRole("textbox", { name: "name", exact: true }).fill("Nadia B.");
        await shot(page(), "data-edit");
        await page().keyboard.press("Enter");
        await cell("Nadia B.").waitFor();
        await until("the value is stored", async () => (await query("select name from bakers where id = 1"))[0]?.[0] === "Nadia B.");
        await grid().focus();
        await page().keyboard.press("ControlOrMeta+z");
        await cell("Nadia Brook").waitFor();
        await until("the old value is back", async () => (await query("select name from bakers where id = 1"))[0]?.[0] === "Nadia Brook");
        // The app changes the row while it is being edited.
        await cell("Tom Ash").click();
        await page().keyboard.press("F2");
        await page().getByRole("textbox", { name: "name", exact: true }).fill("Thomas");
        await account.api.databases.execute({
          params: params(),
          body: { sql: "update bakers set name = 'Tommy' where id = 2", write: true },
        });
        await page().keyboard.press("Enter");
        const conflict = page().getByRole("dialog", { name: "This row was changed" });
        await conflict.waitFor();
        await conflict.getByText("Tommy").waitFor();
        await animationsEnded(page());
        await shot(page(), "data-conflict");
        await expectAccessible(page(), "data, conflict");
        await conflict.getByRole("button", { name: "Save your value" }).click();
        await cell("Thomas").waitFor();
        // A value that the database refuses stays in its editor.
        await grid().focus();
        await page().getByRole("button", { name: "New row" }).click();
        const sheet = page().getByRole("dialog", { name: "New row in bakers" });
        await sheet.getByRole("textbox", { name: /^email/ }).fill("iris@example.com");
        await sheet.getByRole("textbox", { name: /^name/ }).fill("Una Reed");
        await sheet.getByRole("button", { name: "Add row" }).click();
        await sheet
          .getByRole("alert")
          .filter({ hasText: /duplicate|already exists|unique/ })
          .waitFor();
        await animationsEnded(page());
        await shot(page(), "data-new-row");
        await expectAccessible(page(), "data, new row");
        await sheet.getByRole("textbox", { name: /^email/ }).fill("una@example.com");
        await sheet.getByRole("button", { name: "Add row" }).click();
        await cell("Una Reed").waitFor();
        await cell("Una Reed").click();
        await page().keyboard.press("Space");
        await dismissToasts();
        await shot(page(), "data-selected");
        await page().keyboard.press("Delete");
        await cell("Una Reed").waitFor({ state: "detached" });
        await page().locator("[data-sonner-toast]").getByRole("button", { name: "Undo" }).first().click();
        await cell("Una Reed").waitFor();
        await dismissToasts();
        // Changes are turned off again: the next edit asks.
        await page().getByRole("button", { name: "Changes allowed. Turn changes off" }).click();
        await cell("Una Reed").click();
        await page().keyboard.press("Enter");
        await page()
          .getByRole("alertdialog", { name: /Allow changes to PostgreSQL/ })
          .waitFor();
        await animationsEnded(page());
        await shot(page(), "data-allow");
        await page().keyboard.press("Escape");
      },
    },
    {
      name: "structure and relations",
      run: async () => {
        await openTable("orders");
        await page().getByRole("radio", { name: "Structure" }).click();
        await page().getByRole("table", { name: "Indexes" }).getByText("orders_baker_id").first().waitFor();
        await page().getByRole("table", { name: "Checks" }).waitFor();
        await checkScreens(page(), "data-structure", { view: "Data" });
        await list().getByRole("button", { name: "Relations" }).click();
        await page()
          .getByRole("group", { name: /^orders: 5 columns, references bakers/ })
          .waitFor();
        await checkScreens(page(), "data-relations", { view: "Data" });
        await page()
          .getByRole("group", { name: /^bakers: 6 columns/ })
          .focus();
        await page().keyboard.press("Enter");
        await grid().waitFor();
      },
    },
    {
      name: "a CSV file is imported and the table exported",
      run: async () => {
        await page().getByRole("button", { name: "Import and export" }).click();
        await page().getByRole("menuitem", { name: "Import CSV…" }).click();
        await page().getByRole("button", { name: "Allow changes", exact: true }).click();
        const dialog = page().getByRole("dialog", { name: "Import CSV into bakers" });
        const csv = (rows: string) => ({ name: "bakers.csv", mimeType: "text/csv", buffer: Buffer.from(rows) });
        await dialog.getByLabel("CSV file").setInputFiles(csv("name;mail;is_active\nOle;ole@example.com;yes\nPia;;maybe\n"));
        await dialog.getByRole("combobox", { name: "Column for field 2" }).click();
        await page().getByRole("option", { name: "email" }).click();
        await animationsEnded(page());
        await shot(page(), "data-import");
        await expectAccessible(page(), "data, import");
        await dialog.getByRole("button", { name: "Import rows" }).click();
        await dialog.getByRole("alert").filter({ hasText: "Line 3" }).waitFor();
        await shot(page(), "data-import-error");
        await dialog.getByLabel("CSV file").setInputFiles(csv("name,email\nOle,ole@example.com\nPia,\n"));
        await dialog.getByRole("button", { name: "Import rows" }).click();
        await cell("Pia").waitFor();
        expect((await query("select count(*) from bakers where email is null and name = 'Pia'"))[0]?.[0] === "1", "an empty field is NULL");
        const download = page().waitForEvent("download");
        await page().getByRole("button", { name: "Import and export" }).click();
        await page()
          .getByRole("menuitem", { name: /^Export as CSV/ })
          .click();
        expect((await download).suggestedFilename() === "bakers.csv", "the file has the table's name");
        const stream = await (await download).createReadStream();
        let text = "";
        for await (const chunk of stream) text += String(chunk);
        expect(text.startsWith("id,name,email") && text.includes("Ole"), `the export has the rows: ${text.slice(0, 200)}`);
      },
    },
    {
      name: "a phone goes from the list to a table to a row",
      run: async () => {
        await page().setViewportSize({ width: 390, height: 844 });
        await page().goto(`${studio.url}/p/${project.slug}/data?database=${databaseId}`);
        await list()
          .getByRole("button", { name: /^bakers/ })
          .waitFor();
        await animationsEnded(page());
        await shot(page(), "data-phone-list");
        await expectAccessible(page(), "data, phone, list");
        await openTable("bakers");
        await shot(page(), "data-phone-table");
        await expectAccessible(page(), "data, phone, table");
        await cell("Nadia Brook").click();
        const sheet = page().getByRole("dialog", { name: /^Row 1 of bakers/ });
        await sheet.waitFor();
        await animationsEnded(page());
        await shot(page(), "data-phone-row");
        await expectAccessible(page(), "data, phone, row");
        await sheet.getByRole("textbox", { name: /^name/ }).fill("Nadia");
        await sheet.getByRole("button", { name: "Save row" }).click();
        await cell("Nadia").waitFor();
        await page().getByRole("button", { name: "Back to tables" }).click();
        await page().getByRole("searchbox", { name: "Search tables" }).waitFor();
        expectNoProblems(browser as WatchedWindow);
      },
    },
  ];
});
