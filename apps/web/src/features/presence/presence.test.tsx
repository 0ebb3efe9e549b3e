import { PresentPerson } from "@tesslate/contract";
import { ServicesContext } from "../../project/services.ts";
import { viewTable } from "../workbench/views.tsx";
import { cannedSockets, expect, expectAccessible, openPane, sample, screen, test, waitFor } from "../../testing/index.ts";
import { FilePeople, PresenceProvider, PresentPeople } from "./index.ts";

const me = "0190a000-0000-7000-8000-000000000001";
const others = ["Rita Root", "Ben Ito", "Cleo Diaz", "Dan Orr", "Eva Lind"].map((name, at) =>
  sample(PresentPerson, {
    user_id: `0190a000-0000-7000-8000-00000000001${at}`,
    name,
    avatar_url: null,
    is_administrator: true,
    view: "canvas",
    file: null,
  }),
);
const [rita] = others as [PresentPerson];

/** An open project with the avatars and a file that is listed. */
function project() {
  const { services, sockets } = cannedSockets();
  const followed: string[] = [];
  const Pane = () => (
    <ServicesContext value={services}>
      <PresenceProvider ownId={me} place={{ view: "preview", file: null }}>
        <PresentPeople labelOf={(view) => viewTable[view].label} />
        <FilePeople path="src/App.tsx" />
      </PresenceProvider>
    </ServicesContext>
  );
  const { element } = openPane(Pane, { show: (view) => followed.push(view), openFile: (path) => followed.push(path) });
  return { element, sockets, followed };
}

test("the others are shown where they are, and a click goes there", async ({ show, user }) => {
  const { element, sockets, followed } = project();
  show(element);
  await waitFor(() => expect(sockets).toHaveLength(1));
  const [socket] = sockets;
  socket?.open();
  expect(socket?.sent).toEqual([{ type: "move", view: "preview", file: null }]);
  // Whoever looks is one of them, and is not shown.
  socket?.say({ type: "people", data: [sample(PresentPerson, { user_id: me, view: "preview", file: null }), rita] });
  await user.click(await screen.findByRole("button", { name: "Follow Rita Root, administrator · Canvas" }));
  socket?.say({ type: "people", data: [{ ...rita, view: "code", file: "src/App.tsx" }] });
  await user.click(await screen.findByRole("button", { name: "Follow Rita Root, administrator · App.tsx" }));
  expect(followed).toEqual(["canvas", "src/App.tsx"]);
  expect(screen.getByText("Also open by Rita Root, administrator")).toBeInTheDocument();
  await expectAccessible();
  socket?.say({ type: "people", data: [] });
  await waitFor(() => expect(screen.queryByRole("group", { name: "Also in this project" })).toBeNull());
});

test("more than three are in a menu", async ({ show, user }) => {
  const { element, sockets, followed } = project();
  show(element);
  await waitFor(() => expect(sockets).toHaveLength(1));
  sockets[0]?.open();
  sockets[0]?.say({ type: "people", data: others });
  await user.click(await screen.findByRole("button", { name: "2 more in this project" }));
  await user.click(await screen.findByRole("menuitem", { name: /^Eva Lind/ }));
  expect(followed).toEqual(["canvas"]);
});

test("nobody is shown while the connection is lost; it is opened again, except after a refusal", async ({ show }) => {
  const { element, sockets } = project();
  show(element);
  await waitFor(() => expect(sockets).toHaveLength(1));
  sockets[0]?.open();
  sockets[0]?.say({ type: "people", data: [rita] });
  await screen.findByRole("button", { name: /^Follow Rita/ });
  sockets[0]?.end(1006);
  await waitFor(() => expect(screen.queryByRole("button", { name: /^Follow Rita/ })).toBeNull());
  window.dispatchEvent(new Event("online"));
  await waitFor(() => expect(sockets).toHaveLength(2));
  sockets[1]?.open();
  expect(sockets[1]?.sent).toEqual([{ type: "move", view: "preview", file: null }]);
  sockets[1]?.end(4401);
  window.dispatchEvent(new Event("online"));
  await new Promise((resolve) => setTimeout(resolve));
  expect(sockets).toHaveLength(2);
});
