import { AdminRunner, AdminServer, type AdminServers, AdminServersEvent } from "@tesslate/contract";
import { expect, refuse, sample, screen, signedIn, test, within } from "../../testing/index.ts";

const path = "/admin/servers";
const at = "2026-12-01T10:00:00.000Z";
const own = sample(AdminServer, {
  id: "00000000-0000-4000-8000-000000000001",
  address: "http://10.0.0.5:8000",
  is_this_server: true,
  state: "serving",
  version: "1.1.0",
  revision: null,
  heartbeat_at: "2026-12-01T09:59:59.400Z",
  clock_offset_ms: 12,
  projects: 14,
});
const other = sample(AdminServer, {
  ...own,
  id: "00000000-0000-4000-8000-000000000002",
  address: "http://10.0.0.6:8000",
  is_this_server: false,
  state: "late",
  version: "1.0.0",
  heartbeat_at: "2026-12-01T09:59:55.000Z",
  clock_offset_ms: -4_200,
});
const runner = sample(AdminRunner, {
  address: "https://runner.lan:7070",
  version: "1.1.0",
  is_reachable: true,
  missed_by: 0,
  reached_by: 2,
});
const event = (data: Partial<AdminServers>) =>
  sample(AdminServersEvent, { data: { checked_at: at, problems: [], servers: [own], runners: [], pods: [], ...data } });

test("one server alone is listed, and says that projects run there; then what differs is marked", async ({ api, open }) => {
  signedIn(api, { is_superuser: true });
  api.answer("adminSetup.get", { is_complete: true, steps: [] });
  const stream = api.stream("adminServers.events", [event({ servers: [{ ...own, address: null, projects: null, host: "studio-1" }] })]);
  open(path);
  expect(await screen.findByRole("row", { name: /studio-1 Serving 1\.1\.0/ })).toBeVisible();
  expect(screen.getByText("1 server. No problems found.")).toBeVisible();
  expect(screen.getByText("Projects run on the server's machine.")).toBeVisible();
  const message = "The servers run 2 versions: 1.1.0 (1), 1.0.0 (1).";
  stream.send(
    event({ servers: [own, other], runners: [runner], problems: [{ kind: "versions", message, advice: "Restart the older one." }] }),
  );
  const row = await screen.findByRole("row", { name: /10\.0\.0\.6/ });
  expect(row).toHaveTextContent("Heartbeat late");
  expect(row).toHaveTextContent("1.0.0, differs from this server");
  expect(row).toHaveTextContent("5 s ago, overdue");
  expect(row).toHaveTextContent("−4.2 s, differs from the database's clock");
  expect(screen.getByRole("row", { name: /10\.0\.0\.5/ })).toHaveTextContent("this server");
  expect(screen.getByRole("row", { name: /10\.0\.0\.5/ })).not.toHaveTextContent("differs");
  expect(within(screen.getByRole("list", { name: "Problems" })).getByText(message)).toBeVisible();
  const card = within(screen.getByRole("region", { name: "Runners" })).getByRole("listitem");
  expect(card).toHaveTextContent("https://runner.lan:7070");
  expect(card).toHaveTextContent("Connected");
  stream.cut();
  expect(await screen.findByText(/This page may be out of date/)).toBeVisible();
  expect(row).toBeVisible();
});

test("an unreachable runner shows since when and why; pods are counted by state and image", async ({ api, open }) => {
  signedIn(api, { is_superuser: true });
  api.answer("adminSetup.get", { is_complete: true, steps: [] });
  const lost = sample(AdminRunner, {
    ...runner,
    is_reachable: false,
    reached_by: 0,
    missed_by: 2,
    awake: null,
    version: null,
    protocol: null,
    driver: null,
    last_error: { at, message: "The runner refused the token.", is_permanent: true },
  });
  const stream = api.stream("adminServers.events", [event({ runners: [lost] })]);
  open(path);
  const runners = within(await screen.findByRole("region", { name: "Runners" }));
  expect(runners.getByText("Unreachable")).toBeVisible();
  expect(runners.getByText("The runner refused the token.")).toBeVisible();
  expect(runners.getByText(/It stays until this is changed\./)).toBeVisible();
  expect(runners.getByText("Version").closest("div")).toHaveTextContent("Unknown");
  expect(runners.getByText("0 of 2")).toBeVisible();
  stream.send(
    event({
      pods: [
        { state: "running", image: "studio:1.1.0", count: 1_200 },
        { state: "suspended", image: null, count: 31 },
      ],
    }),
  );
  expect(await screen.findByRole("row", { name: /Running studio:1\.1\.0 1,200/ })).toBeVisible();
  expect(screen.getByRole("row", { name: /Suspended None 31/ })).toBeVisible();
});

test("a refused stream shows the error and can be retried", async ({ api, open, user }) => {
  signedIn(api, { is_superuser: true });
  api.answer("adminSetup.get", { is_complete: true, steps: [] });
  api.answer("adminServers.events", refuse("not_found", { detail: "There is nothing here." }) as never);
  open(path);
  expect(await screen.findByRole("alert")).toHaveTextContent("There is nothing here.");
  api.stream("adminServers.events", [event({})]);
  await user.click(screen.getByRole("button", { name: "Retry" }));
  expect(await screen.findByRole("row", { name: /10\.0\.0\.5/ })).toBeVisible();
});
