import { DataSource, type RedisChange, type RedisValue } from "@tesslate/contract";
import { expect, expectAccessible, openPane, refuse, sample, screen, test, waitFor, within, type CannedApi } from "../../testing/index.ts";
import { DataPane } from "./DataPane.tsx";

const database = sample(DataSource, { id: "0190a000-0000-7000-8000-00000000000c", kind: "redis", name: "Redis", state: "ready" });
const hash: RedisValue = {
  key: "settings",
  is_binary: false,
  type: "hash",
  ttl_ms: 60_000,
  encoding: "listpack",
  memory_bytes: 120,
  length: 2,
  entries: [
    { field: "oven", value: "2", is_binary: false, is_truncated: false },
    { field: "days", value: "mon", is_binary: false, is_truncated: false },
  ],
  next: null,
};
function server(api: CannedApi, value: RedisValue = hash): void {
  api.answer("databases.list", { items: [database] });
  api.answer("databases.keys", {
    keys: [
      { key: "settings", is_binary: false, type: "hash", ttl_ms: 60_000 },
      { key: "\\xff00", is_binary: true, type: "string", ttl_ms: null },
    ],
    cursor: null,
    total: 2,
  });
  api.answer("databases.value", value);
}
const changesSent = (api: CannedApi) => api.asked("databases.changeKey").map(({ body }) => (body as { change: RedisChange }).change);

test("keys are searched by what they contain, a value is shown by its type, and an entry is changed with undo", async ({ api, show, user }) => {
  server(api);
  show(openPane(DataPane).element);
  await screen.findByText("2 keys in total");
  await user.type(screen.getByRole("searchbox", { name: "Search keys" }), "sett");
  await waitFor(() => expect(api.asked("databases.keys").at(-1)?.query.get("pattern")).toBe("*sett*"));
  await user.click(await screen.findByRole("button", { name: /^settings/ }));
  const entries = await screen.findByRole("table", { name: "Entries" });
  expect(within(entries).getAllByRole("row").map(({ textContent }) => textContent)).toEqual(["FieldValue", "oven2", "daysmon"]);
  await expectAccessible();
  const inverse: RedisChange = { kind: "entry", key: "settings", field: "oven", value: "2", type: "hash", expected: "3" };
  api.answer("databases.changeKey", { inverse });
  await user.click(within(entries).getByRole("button", { name: "Open oven" }));
  const dialog = await screen.findByRole("dialog");
  await user.clear(within(dialog).getByRole("textbox", { name: "Value" }));
  await user.type(within(dialog).getByRole("textbox", { name: "Value" }), "3");
  await user.click(within(dialog).getByRole("button", { name: "Save entry" }));
  // Changes are asked for once.
  await user.click(await screen.findByRole("button", { name: "Allow changes" }));
  await waitFor(() => expect(changesSent(api)).toEqual([{ kind: "entry", key: "settings", field: "oven", value: "3", expected: "2" }]));
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(changesSent(api).at(-1)).toEqual(inverse));
});

test("the console shows answers and reasons, and asks before it writes", async ({ api, show, user }) => {
  server(api);
  show(openPane(DataPane).element);
  await user.click(await screen.findByRole("button", { name: "Console" }));
  const box = await screen.findByRole("textbox", { name: "Command" });
  api.answer("databases.command", { text: '"2"', is_truncated: false, duration_ms: 3 });
  await user.type(box, "HGET settings oven{Enter}");
  await screen.findByText('"2"');
  api.answer("databases.command", refuse("read_only_query", { detail: "DEL can change data." }));
  api.answer("databases.executeCommand", { text: "(integer) 1", is_truncated: false, duration_ms: 1 });
  await user.type(box, "DEL settings{Enter}");
  await screen.findByText(/^You can edit keys and run commands that write/);
  await user.click(await screen.findByRole("button", { name: "Allow changes" }));
  await screen.findByText("(integer) 1");
  expect(api.asked("databases.executeCommand").map(({ body }) => body)).toEqual([{ command: "DEL settings", write: true }]);
  api.answer("databases.command", refuse("bad_request", { detail: "KEYS reads every key at once. Use SCAN." }));
  await user.type(box, "KEYS *{Enter}");
  await screen.findByText(/Use SCAN/);
  await expectAccessible();
});
