import { Project } from "@tesslate/contract";
import {
  expect,
  expectAccessible,
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

const made = (name: string, known: Partial<Project> = {}) =>
  sample(Project, {
    id: sampleId.slice(0, -4) + String(name.length).padStart(4, "0"),
    name,
    slug: name.toLowerCase().replaceAll(" ", "-"),
    environment_status: "active",
    ...known,
  });
const bakery = made("Alder Street Bakery", { description: "Orders", status: "running" });
const clinic = made("Clinic", { environment_status: "setup_failed" });

function projects(api: CannedApi, items: Project[] = [bakery, clinic]): void {
  signedIn(api);
  api.answer("projects.list", { items });
}

test("while they load the page says so", async ({ api, open }) => {
  signedIn(api);
  const answer = api.hang("projects.list");
  open("/projects");
  expect(await screen.findByRole("status", { name: "Loading projects…" })).toBeVisible();
  answer({ items: [bakery] });
  await screen.findByRole("article", { name: bakery.name });
});

test("none yet: says what makes one", async ({ api, open }) => {
  projects(api, []);
  open("/projects");
  expect(await screen.findByRole("heading", { name: "No projects yet" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Create project" })).toHaveAttribute("href", "/new");
});

test("a failure names its cause, with what to tell the operator behind Details, and recovers", async ({ api, open, user }) => {
  signedIn(api);
  api.answer("projects.list", refuse("internal_error", { detail: "The table projects is locked." }));
  open("/projects");
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("The table projects is locked.");
  expect(alert).toHaveTextContent("request: req-1");
  api.answer("projects.list", { items: [bakery] });
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  await screen.findByRole("article", { name: bakery.name });
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});

test("a search is asked of the server and kept in the address; nothing found can be cleared", async ({ api, open, user }) => {
  projects(api);
  const app = open("/projects");
  await screen.findByRole("article", { name: bakery.name });
  api.answer("projects.list", ({ query }) => ({ items: query.get("q") ? [] : [bakery] }));
  await user.type(screen.getByRole("searchbox", { name: "Search projects" }), "zzz");
  await screen.findByRole("heading", { name: "No results for “zzz”" });
  expect(app.path()).toBe("/projects?q=zzz");
  await user.click(screen.getByRole("button", { name: "Clear filters" }));
  await screen.findByRole("article", { name: bakery.name });
  expect(app.path()).toBe("/projects");
});

test("the status is filtered by a menu", async ({ api, open, user }) => {
  projects(api);
  const app = open("/projects");
  await user.click(await screen.findByRole("button", { name: "Any status" }));
  await user.click(await screen.findByRole("menuitemradio", { name: "Running" }));
  await waitFor(() => expect(api.asked("projects.list").at(-1)?.query.get("status")).toBe("running"));
  expect(app.path()).toBe("/projects?status=running");
});

test("the list has the same projects with their states", async ({ api, open, user }) => {
  projects(api);
  open("/projects");
  await user.click(await screen.findByRole("radio", { name: "List" }));
  const row = await screen.findByRole("row", { name: /Clinic/ });
  expect(row).toHaveTextContent("Setup failed");
  await expectAccessible();
});

test("long names stay whole for readers", async ({ api, open }) => {
  const name = `${"Very ".repeat(18)}long`;
  projects(api, [made(name, { description: null })]);
  open("/projects");
  expect(await screen.findByRole("link", { name: `Open ${name}: No description` })).toBeVisible();
});

test("a project is renamed, the list follows, and Undo takes it back", async ({ api, open, user }) => {
  projects(api, [bakery]);
  api.answer("projects.update", ({ body }) => ({ ...bakery, ...(body as { name: string }) }));
  open("/projects");
  await user.click(await screen.findByRole("button", { name: `Actions for ${bakery.name}` }));
  await user.click(await screen.findByRole("menuitem", { name: "Rename…" }));
  const name = await screen.findByLabelText("Name");
  expect(name).toHaveValue(bakery.name);
  await user.clear(name);
  await user.keyboard("{Enter}");
  expect(name).toHaveAccessibleDescription(/Enter a name/);
  await user.type(name, "Elm Street{Enter}");
  await screen.findByRole("article", { name: "Elm Street" });
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await screen.findByRole("article", { name: bakery.name });
});

test("deleting waits for the name, and takes the card away", async ({ api, open, user }) => {
  projects(api, [bakery]);
  open("/projects");
  await user.click(await screen.findByRole("button", { name: `Actions for ${bakery.name}` }));
  await user.click(await screen.findByRole("menuitem", { name: "Delete…" }));
  const dialog = await screen.findByRole("alertdialog");
  expect(within(dialog).getByRole("button", { name: "Delete project" })).toBeDisabled();
  await user.type(within(dialog).getByRole("textbox"), bakery.name);
  api.answer("projects.remove", { project_id: bakery.id, project_slug: bakery.slug });
  api.answer("projects.list", {});
  await user.click(within(dialog).getByRole("button", { name: "Delete project" }));
  await screen.findByRole("heading", { name: "No projects yet" });
});

test("a project that is being set up cannot be copied or downloaded yet", async ({ api, open, user }) => {
  projects(api, [made("New one", { environment_status: "provisioning" })]);
  open("/projects");
  await user.click(await screen.findByRole("button", { name: "Actions for New one" }));
  for (const name of ["Make a copy", "Download as zip"])
    expect(await screen.findByRole("menuitem", { name })).toHaveAttribute("aria-disabled", "true");
});

test("several projects are selected with Shift, and stopped together; Undo starts them again", async ({ api, open, user }) => {
  const names = ["One", "Other", "Third", "Fourth"];
  const items = names.map((name, index) =>
    made(name, {
      id: sampleId.slice(0, -1) + String(index + 2),
      updated_at: `2026-03-1${4 - index}T09:30:00Z`,
      status: index === 0 ? "stopped" : "running",
    }),
  );
  projects(api, items);
  api.answer("projects.stop", {});
  api.answer("projects.start", {});
  open("/projects");
  await user.click(await screen.findByRole("checkbox", { name: "Select One" }));
  await user.keyboard("{Shift>}");
  await user.click(screen.getByRole("checkbox", { name: "Select Third" }));
  await user.keyboard("{/Shift}");
  const bar = screen.getByRole("toolbar", { name: "Selected projects" });
  expect(within(bar).getByText("3 of 4 selected")).toBeVisible();
  await expectAccessible();
  await user.click(within(bar).getByRole("button", { name: "Stop" }));
  await screen.findByText("2 projects stopped.");
  expect(api.asked("projects.stop").map(({ params }) => params["id"])).toEqual([items[1]?.id, items[2]?.id]);
  await user.click(screen.getByRole("button", { name: "Undo" }));
  await waitFor(() => expect(api.asked("projects.start")).toHaveLength(2));
});

test("all are selected at once, and deleted after their number was typed", async ({ api, open, user }) => {
  projects(api);
  api.answer("projects.remove", ({ params }) => ({
    project_id: params["id"] === bakery.slug ? bakery.id : clinic.id,
    project_slug: params["id"] ?? "",
  }));
  open("/projects");
  await user.click(await screen.findByRole("checkbox", { name: `Select ${bakery.name}` }));
  await user.click(screen.getByRole("checkbox", { name: "1 of 2 selected" }));
  await user.click(screen.getByRole("button", { name: "Delete…" }));
  const dialog = await screen.findByRole("alertdialog", { name: "Delete 2 projects?" });
  expect(dialog).toHaveTextContent("Alder Street Bakery, Clinic");
  const confirm = within(dialog).getByRole("button", { name: "Delete 2 projects" });
  expect(confirm).toBeDisabled();
  await user.type(within(dialog).getByRole("textbox"), "2 projects");
  await user.click(confirm);
  await waitFor(() => expect(api.asked("projects.remove")).toHaveLength(2));
});

test("a card says what the agent does, rather than that nothing runs", async ({ api, open }) => {
  const stopped = made("Waiting room", { status: "stopped", environment_status: "stopped" });
  projects(api, [stopped]);
  api.answer("projects.histories", {
    items: [
      {
        project_id: stopped.id,
        run: "waiting",
        live_version: null,
        points: [{ id: sampleId, kind: "run", status: "waiting", at: stopped.created_at }],
      },
    ],
  });
  open("/projects");
  const card = await screen.findByRole("article", { name: "Waiting room" });
  expect(await within(card).findByText("Needs your input")).toBeVisible();
  expect(card).not.toHaveTextContent("Stopped");
});

test("a card shows the picture of the app in the theme, or else its initials, description and template", async ({ api, open }) => {
  const thumbnail = {
    light: "/api/projects/x/pictures/light?v=1",
    dark: "/api/projects/x/pictures/dark?v=1",
    updated_at: "2026-01-02T03:04:05.000Z",
  };
  projects(api, [
    made("Bakery", { thumbnail }),
    made("Alder Street", { description: "Orders", template_slug: "react-vite", thumbnail: null }),
  ]);
  open("/projects");
  const bakery = await screen.findByRole("article", { name: "Bakery" });
  const image = bakery.querySelector("img");
  expect(image).toHaveAttribute("src", expect.stringMatching(/pictures\/(light|dark)\?v=1$/));
  const other = screen.getByRole("article", { name: "Alder Street" });
  expect(other.querySelector("img")).toBeNull();
  expect(other).toHaveTextContent(/AS.*Orders.*react-vite/);
  // A picture that cannot be loaded leaves no broken image.
  image?.dispatchEvent(new Event("error"));
  await waitFor(() => expect(bakery.querySelector("img")).toBeNull());
  await expectAccessible();
});

test("a pinned project moves to the front and can be unpinned from the toast", async ({ api, open, user }) => {
  const [first, second] = [made("Bakery", { pinned_at: null }), made("Alder Street", { pinned_at: null })];
  projects(api, [first, second]);
  open("/projects");
  const names = () => screen.getAllByRole("article").map((card) => card.getAttribute("aria-label"));
  await screen.findByRole("article", { name: "Bakery" });
  const pinned = { ...second, pinned_at: "2026-01-02T03:04:05.000Z" };
  api.answer("projects.update", pinned);
  api.answer("projects.list", { items: [pinned, first] });
  await user.click(screen.getByRole("button", { name: "Actions for Alder Street" }));
  await user.click(await screen.findByRole("menuitem", { name: "Pin" }));
  await waitFor(() => expect(names()).toEqual(["Alder Street", "Bakery"]));
  expect(within(screen.getByRole("article", { name: "Alder Street" })).getByRole("img", { name: "Pinned" })).toBeVisible();
  api.answer("projects.update", second);
  api.answer("projects.list", { items: [first, second] });
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(screen.queryByRole("img", { name: "Pinned" })).toBeNull());
});

test("a start over the limit shows what runs; stopping one makes room, and the project starts", async ({ api, open, user }) => {
  const [one, two] = [made("One", { status: "stopped" }), made("Two", { id: sampleId.slice(0, -1) + "7", slug: "two" })];
  projects(api, [one]);
  api.blank("billing.subscription", "billing.config");
  api.answer(
    "projects.start",
    refuse("running_limit_reached", {
      detail: "One project may run at once, and Two does. Stop one first.",
      details: { used: 1, limit: 1, unit: "count", running: [{ id: two.id, name: two.name, slug: two.slug }] },
    }),
  );
  api.answer("projects.stop", {});
  open("/projects");
  await user.click(await screen.findByRole("checkbox", { name: "Select One" }));
  await user.click(within(screen.getByRole("toolbar", { name: "Selected projects" })).getByRole("button", { name: "Start" }));
  const dialog = await screen.findByRole("dialog", { name: "Too many running projects" });
  expect(within(dialog).getByRole("alert")).toHaveTextContent("1 of 1 running project used");
  expect(within(dialog).queryByRole("button", { name: "Start One" })).toBeNull();
  const list = await within(dialog).findByRole("list", { name: "Running projects" });
  expect(within(list).getByRole("link", { name: "Two" })).toHaveAttribute("href", "/p/two");
  await expectAccessible();
  await user.click(within(list).getByRole("button", { name: "Stop: Two" }));
  await within(list).findByText("Stopped");
  expect(api.asked("projects.stop").map(({ params }) => params["id"])).toEqual([two.id]);
  api.answer("projects.start", {});
  await user.click(within(dialog).getByRole("button", { name: "Start One" }));
  await waitFor(() => expect(api.asked("projects.start")).toHaveLength(2));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});
