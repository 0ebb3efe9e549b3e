import { Container, Project, type ElementEditReason, type InspectedElement, type PageElement } from "@tesslate/contract";
import type { ReactNode } from "react";
import { expect, openPane, refuse, sample, sampleId, screen, test, waitFor, within, type CannedApi } from "../../../testing/index.ts";
import { PreviewPane } from "../PreviewPane.tsx";
import { PreviewProvider } from "../PreviewProvider.tsx";

const web = {
  id: sampleId,
  name: "web",
  container_type: "base" as const,
  directory: "web",
  url: "http://web.test",
  status: "running" as const,
};
const element = {
  tag: "h1",
  class_name: "text-3xl font-bold",
  texts: ["Bakery"],
  attributes: {},
  is_component: false,
  origins: [{ file: "src/App.tsx", line: 12, column: 7, hash: "1-2", items: [] }],
};
const placed = { reason: null, path: "web/src/App.tsx", line: 12 };
const inspected: InspectedElement = {
  has_tailwind: true,
  texts: [{ value: "Bakery", ...placed }],
  classes: ["text-3xl", "font-bold"].map((name) => ({ name, ...placed })),
  new_class: placed,
  attributes: [],
};
const refusedAs = (reason: ElementEditReason): InspectedElement => ({
  ...inspected,
  texts: [{ value: "Bakery", reason, path: null, line: null }],
});

interface Person {
  user: { click: (target: Element) => Promise<void> };
  show: (part: ReactNode) => unknown;
}
/** The preview with the element selected. `sent`: commands to the page. */
async function selected(api: CannedApi, { user, show }: Person, facts: unknown = element) {
  api.answer("previews.ticket", { url: "http://web.test/?ticket=1" });
  const asked: string[] = [];
  const Pane = () => (
    <PreviewProvider onAskAboutElement={(_element, _place, text) => void asked.push(text)}>
      <PreviewPane />
    </PreviewProvider>
  );
  const pane = openPane(Pane, {
    project: sample(Project, { environment_status: "active" }),
    containers: [sample(Container, web)],
  });
  show(pane.element);
  const frame = await screen.findByTestId<HTMLIFrameElement>("preview-frame");
  await waitFor(() => expect(frame).toHaveAttribute("src", expect.stringContaining("studio-nonce=")));
  const nonce = frame.src.split("studio-nonce=")[1];
  const sent: Record<string, unknown>[] = [];
  const peer = frame.contentWindow as Window;
  peer.postMessage = (data: Record<string, unknown>) => void sent.push(data);
  const say = (data: object) =>
    window.dispatchEvent(
      new MessageEvent("message", { data: { source: "tesslate-bridge", nonce, ...data }, origin: "http://web.test", source: peer }),
    );
  say({ type: "ready", path: "/", title: "Web", page: "app" });
  const pick = await screen.findByRole("button", { name: "Select element" });
  await waitFor(() => expect(pick).toBeEnabled());
  await user.click(pick);
  expect(pick).toHaveAttribute("aria-busy", "true");
  say({ type: "pick_started" });
  await waitFor(() => expect(pick).not.toHaveAttribute("aria-busy"));
  say({
    type: "picked",
    element: {
      tag: "h1",
      text: "Bakery",
      selector: "h1",
      html: "<h1>Bakery</h1>",
      styles: {},
      rect: { x: 0, y: 0, width: 9, height: 9 },
      edit: facts,
    },
  });
  const panel = await screen.findByRole("region", { name: "Edit <h1>" });
  expect(panel).toContainElement(document.activeElement as HTMLElement);
  return { panel: within(panel), root: panel, sent, asked, say };
}
/** What the server answers to an edit. */
const edited = (text: string, id = sampleId) => ({
  edit: { id, path: "web/src/App.tsx", line: 12, summary: "Changed the text of <h1> in web/src/App.tsx" },
  element: { ...element, directory: "web", texts: [text] } as PageElement,
});

test("typing is shown in the page at once, written once after a pause, and Ctrl+Z undoes it", async ({ api, user, show }) => {
  api.answer("elementEdits.inspect", inspected);
  api.answer("elementEdits.create", edited("Bread"));
  api.answer("elementEdits.undo", { edit: edited("Bakery").edit });
  const { panel, sent } = await selected(api, { user, show });
  expect(await panel.findByRole("button", { name: "web/src/App.tsx:12" })).toHaveTextContent("web/src/App.tsx:12");
  const field = panel.getByRole("textbox", { name: "Text" });
  await user.clear(field);
  await user.type(field, "Bread");
  expect(sent.at(-1)).toMatchObject({ type: "attempt", text: { index: 0, value: "Bread" } });
  await waitFor(() => expect(api.asked("elementEdits.create")).toHaveLength(1));
  expect(api.asked("elementEdits.create")[0]?.body).toMatchObject({
    // Paths are those of the project, not of the container's folder.
    element: { directory: "web", origins: [{ file: "web/src/App.tsx" }] },
    change: { type: "text", index: 0, value: "Bread" },
  });
  expect(await screen.findByText("Changed the text of <h1> in web/src/App.tsx.")).toBeInTheDocument();
  await user.keyboard("{Control>}z{/Control}");
  await waitFor(() => expect(api.asked("elementEdits.undo")).toHaveLength(1));
  await waitFor(() => expect(panel.getByRole("textbox", { name: "Text" })).toHaveValue("Bakery"));
  expect(panel.getByRole("button", { name: "Undo" })).toBeDisabled();
  expect(panel.getByRole("button", { name: "Redo" })).toBeEnabled();
});

test("a style replaces the class that sets it, and a suggestion is added", async ({ api, user, show }) => {
  api.answer("elementEdits.inspect", inspected);
  api.answer("elementEdits.create", { ...edited("Bakery"), element: { ...edited("Bakery").element, class_name: "text-3xl" } });
  const { panel, sent } = await selected(api, { user, show });
  await user.click(await panel.findByRole("button", { name: "Remove font-bold" }));
  await waitFor(() => expect(api.asked("elementEdits.create")).toHaveLength(1));
  expect(sent).toContainEqual(expect.objectContaining({ type: "attempt", class_name: "text-3xl" }));
  await user.type(panel.getByRole("combobox", { name: "Classes" }), "tracking-t{ArrowDown}{Enter}");
  await waitFor(() => expect(api.asked("elementEdits.create")[1]?.body).toMatchObject({ change: { remove: [], add: ["tracking-tight"] } }));
});

test("Enter adds what was typed unless a suggestion was chosen by arrow keys; Tab completes; Escape closes the list only", async ({
  api,
  user,
  show,
}) => {
  api.answer("elementEdits.inspect", inspected);
  api.answer("elementEdits.create", edited("Bakery"));
  const { panel, root } = await selected(api, { user, show });
  const field = await panel.findByRole("combobox", { name: "Classes" });
  const added = async (count: number) => {
    await waitFor(() => expect(api.asked("elementEdits.create")).toHaveLength(count));
    return api.asked("elementEdits.create").at(-1)?.body;
  };
  await user.type(field, "md:text-5");
  expect(await screen.findByRole("option", { name: "md:text-5xl" })).toHaveAttribute("aria-selected", "false");
  expect(field).toHaveAttribute("aria-expanded", "true");
  expect(field).not.toHaveAttribute("aria-activedescendant");
  expect(field).toHaveFocus();
  await user.keyboard("{Enter}");
  expect(await added(1)).toMatchObject({ change: { remove: [], add: ["md:text-5"] } });
  expect(field).toHaveAttribute("aria-expanded", "false");

  await user.type(field, "md:text-5{ArrowDown}");
  const option = screen.getByRole("option", { name: "md:text-5xl", selected: true });
  expect(field).toHaveAttribute("aria-activedescendant", option.id);
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("listbox")).toBeNull();
  expect(root).toBeInTheDocument();
  expect(field).toHaveFocus();
  await user.keyboard("{Enter}");
  expect(await added(2)).toMatchObject({ change: { add: ["md:text-5"] } });

  await user.type(field, "md:text-5{Tab}");
  expect(field).toHaveValue("md:text-5xl");
  expect(field).toHaveFocus();
  expect(api.asked("elementEdits.create")).toHaveLength(2);
  await user.tab();
  expect(field).not.toHaveFocus();

  await user.clear(field);
  await user.type(field, "tracking-t");
  await user.click(await screen.findByRole("option", { name: "tracking-tight" }));
  expect(await added(3)).toMatchObject({ change: { add: ["tracking-tight"] } });
});

test("the palette is limited to the space that there is, and “Not set” stays below the colors that scroll", async ({ api, user, show }) => {
  api.answer("elementEdits.inspect", inspected);
  const { panel } = await selected(api, { user, show });
  await user.click(await panel.findByRole("button", { name: /^Text color/ }));
  const palette = await screen.findByRole("dialog", { name: "Text color" });
  expect(palette).toHaveClass("max-h-(--popover-height)", "flex-col");
  const grid = within(palette).getByRole("grid");
  expect(grid).toHaveClass("scroll-y", "min-h-0");
  expect(grid).not.toContainElement(within(palette).getByRole("button", { name: "Not set" }));
});

test("an item of a list says what an edit changes with it", async ({ api, user, show }) => {
  api.answer("elementEdits.inspect", inspected);
  const items = [{ line: 11, column: 5, index: 1, count: 3 }];
  const [origin] = element.origins;
  const { panel } = await selected(api, { user, show }, { ...element, origins: [{ ...origin, items }] });
  expect(await panel.findByText("Changes all 3 items of this list.")).toBeVisible();
});

test("a refused edit is taken back in the page and says why", async ({ api, user, show }) => {
  api.answer("elementEdits.inspect", inspected);
  api.answer("elementEdits.create", refuse("conflict", { detail: "The file has changed since the preview loaded it." }));
  const { panel, sent } = await selected(api, { user, show });
  await user.type(await panel.findByRole("textbox", { name: "Text" }), "!");
  expect(await panel.findByRole("alert")).toHaveTextContent("The file has changed since the preview loaded it.");
  expect(sent.at(-1)).toMatchObject({ type: "attempt" });
  expect(sent.at(-1)).not.toHaveProperty("text");
});

test("what cannot be placed says why, and goes to the agent with the beginning of a message", async ({ api, user, show }) => {
  api.answer("elementEdits.inspect", refusedAs("expression"));
  const { panel, asked } = await selected(api, { user, show });
  expect(await panel.findByText("Code computes this value.")).toBeVisible();
  expect(panel.getByRole("textbox", { name: "Text" })).toHaveAttribute("readonly");
  await user.click(panel.getAllByRole("button", { name: "Ask the agent" })[0] as Element);
  expect(asked).toEqual(["Change the text “Bakery” of this element to "]);
  expect(screen.queryByRole("region", { name: "Edit <h1>" })).toBeNull();
});

test("Escape closes the panel; a page that sends nothing valid leaves only the agent", async ({ api, user, show }) => {
  const { panel, root, sent } = await selected(api, { user, show }, { texts: "not a list", class_name: 7 });
  expect(panel.getByText("The preview sent nothing that can be edited. Ask the agent to change this element.")).toBeVisible();
  panel.getByRole("button", { name: "Close" }).focus();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(root).not.toBeInTheDocument());
  expect(sent.at(-1)).toMatchObject({ type: "deselect" });
});
