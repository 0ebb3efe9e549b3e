import { useState, type ReactNode } from "react";
import { expect, expectAccessible, screen, test, waitFor, within } from "../testing/index.ts";
import { Button } from "./Button.tsx";
import { CommandBox, CommandDialog } from "./CommandDialog.tsx";
import { ConfirmDialog } from "./ConfirmDialog.tsx";
import { Dialog, type DialogProps } from "./Dialog.tsx";
import { Menu, RowMenu } from "./Menu.tsx";
import { PickList } from "./PickList.tsx";
import { Sheet } from "./Sheet.tsx";
import { toast, toastWithUndo } from "./toast.tsx";

type OpenProps = { isOpen: boolean; onOpenChange: (isOpen: boolean) => void };
/** A button that opens something. */
function Opener({ children }: { children: (props: OpenProps) => ReactNode }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setIsOpen(true)}>Open</Button>
      {children({ isOpen, onOpenChange: setIsOpen })}
    </>
  );
}
const Named = (props: Partial<DialogProps>) => (
  <Opener>
    {(open) => (
      <Dialog {...open} title="Name it" description="Anything will do." footer={<Button>Save</Button>} {...props}>
        <input aria-label="Name" />
      </Dialog>
    )}
  </Opener>
);
const opener = () => screen.getByRole("button", { name: "Open" });
const openIt = async (user: { click: (element: Element) => Promise<void> }) => {
  await user.click(await screen.findByRole("button", { name: "Open" }));
};

test.describe("a dialog", () => {
  test("begins at its first field, holds the focus, and gives it back", async ({ show, user }) => {
    show(<Named />);
    await openIt(user);
    const name = await screen.findByLabelText("Name");
    await waitFor(() => expect(name).toHaveFocus());
    await user.tab();
    expect(screen.getByRole("button", { name: "Save" })).toHaveFocus();
    await user.tab();
    expect(screen.getByRole("button", { name: "Close" })).toHaveFocus();
    await user.tab();
    expect(name).toHaveFocus();
    await user.tab({ shift: true });
    expect(screen.getByRole("button", { name: "Close" })).toHaveFocus();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    await waitFor(() => expect(opener()).toHaveFocus());
  });

  test("is named and described, and hides the page from readers", async ({ show, user }) => {
    show(<Named />);
    await openIt(user);
    expect(await screen.findByRole("dialog", { name: "Name it" })).toHaveAccessibleDescription("Anything will do.");
    expect(screen.queryByRole("button", { name: "Open" })).not.toBeInTheDocument();
    await expectAccessible();
  });

  test("that is held closes by its own controls alone", async ({ show, user }) => {
    show(<Named isHeld />);
    await openIt(user);
    await screen.findByRole("dialog");
    await user.keyboard("{Escape}");
    expect(screen.getByRole("dialog")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Close" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  });

  test("opened from a menu gives the focus back to the menu's button", async ({ show, user }) => {
    const Both = () => {
      const [isOpen, setIsOpen] = useState(false);
      return (
        <>
          <Menu trigger={<Button>More</Button>} entries={[{ label: "Rename", onSelect: () => setIsOpen(true) }]} />
          <Dialog isOpen={isOpen} onOpenChange={setIsOpen} title="Rename it">
            <input aria-label="Name" />
          </Dialog>
        </>
      );
    };
    show(<Both />);
    await user.click(await screen.findByRole("button", { name: "More" }));
    await user.keyboard("{ArrowDown}");
    await waitFor(() => expect(screen.getByRole("menuitem", { name: "Rename" })).toHaveFocus());
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.getByLabelText("Name")).toHaveFocus());
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.getByRole("button", { name: "More" })).toHaveFocus());
  });

  test("opened from the menu of a row gives the focus back to the row", async ({ show, user }) => {
    const Both = () => {
      const [isOpen, setIsOpen] = useState(false);
      return (
        <>
          <RowMenu label="Row" name="More for a.ts" icon="…" entries={() => [{ label: "Rename", onSelect: () => setIsOpen(true) }]} />
          <Dialog isOpen={isOpen} onOpenChange={setIsOpen} title="Rename it">
            <input aria-label="Name" />
          </Dialog>
        </>
      );
    };
    show(<Both />);
    (await screen.findByRole("button", { name: "More for a.ts" })).focus();
    await user.keyboard("{Enter}");
    await screen.findByRole("menu");
    await user.keyboard("{ArrowDown}");
    await waitFor(() => expect(screen.getByRole("menuitem", { name: "Rename" })).toHaveFocus());
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.getByLabelText("Name")).toHaveFocus());
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.getByRole("button", { name: "More for a.ts" })).toHaveFocus());
  });
});

const modal: [string, (props: OpenProps) => ReactNode][] = [
  [
    "a dialog",
    (open) => (
      <Dialog {...open} title="Name it">
        <input aria-label="Name" />
      </Dialog>
    ),
  ],
  [
    "a sheet",
    (open) => (
      <Sheet {...open} title="Details">
        <a href="#there">There</a>
      </Sheet>
    ),
  ],
  [
    "a command window",
    (open) => (
      <CommandDialog {...open} title="Search">
        <CommandBox label="Search" text="" onText={() => undefined} placeholder="Type" picked="" onPicked={() => undefined}>
          {null}
        </CommandBox>
      </CommandDialog>
    ),
  ],
  [
    "a question",
    (open) => (
      <ConfirmDialog {...open} title="Delete it?" confirmLabel="Delete" loadingWord="Deleting" onConfirm={async () => undefined}>
        It does not come back.
      </ConfirmDialog>
    ),
  ],
];
test.for(modal)("%s keeps focus, pointer and readers off the page behind it", async ([name, child], { show, user }) => {
  show(<Opener>{child}</Opener>);
  await openIt(user);
  const dialog = await waitFor(() => within(document.body).getByRole(name === "a question" ? "alertdialog" : "dialog"));
  await waitFor(() => expect(dialog).toContainElement(document.activeElement as HTMLElement));
  const behind = screen.getByRole("button", { name: "Open", hidden: true });
  behind.focus();
  expect(dialog).toContainElement(document.activeElement as HTMLElement);
  expect(behind.closest("[aria-hidden=true]")).not.toBeNull();
  expect(getComputedStyle(document.body).pointerEvents).toBe("none");
});

test("a sheet gives the focus back", async ({ show, user }) => {
  show(
    <Opener>
      {(open) => (
        <Sheet {...open} title="Details">
          <a href="#there">There</a>
        </Sheet>
      )}
    </Opener>,
  );
  await openIt(user);
  await screen.findByRole("dialog", { name: "Details" });
  await user.keyboard("{Escape}");
  await waitFor(() => expect(opener()).toHaveFocus());
});

test("a command window gives the focus back", async ({ show, user }) => {
  show(
    <Opener>
      {(open) => (
        <CommandDialog {...open} title="Search">
          <CommandBox label="Search" text="" onText={() => undefined} placeholder="Type" picked="" onPicked={() => undefined}>
            {null}
          </CommandBox>
        </CommandDialog>
      )}
    </Opener>,
  );
  await openIt(user);
  await waitFor(() => expect(screen.getByPlaceholderText("Type")).toHaveFocus());
  await user.keyboard("{Escape}");
  await waitFor(() => expect(opener()).toHaveFocus());
});

test.describe("a question before an action", () => {
  const Asking = ({ onConfirm, typed }: { onConfirm: () => Promise<void>; typed?: string }) => (
    <Opener>
      {(open) => (
        <ConfirmDialog
          {...open}
          title="Delete it?"
          confirmLabel="Delete"
          loadingWord="Deleting"
          isDanger
          typedConfirmation={typed}
          onConfirm={onConfirm}
        >
          It does not come back.
        </ConfirmDialog>
      )}
    </Opener>
  );

  test("waits for exactly the text", async ({ show, user }) => {
    let calls = 0;
    show(<Asking typed="Bakery" onConfirm={async () => void calls++} />);
    await openIt(user);
    const dialog = await screen.findByRole("alertdialog", { name: "Delete it?" });
    expect(within(dialog).getByRole("button", { name: "Delete" })).toBeDisabled();
    await user.type(within(dialog).getByLabelText(/Type Bakery/), "bakery{Enter}");
    expect(calls).toBe(0);
    await user.clear(within(dialog).getByLabelText(/Type Bakery/));
    await user.type(within(dialog).getByLabelText(/Type Bakery/), "Bakery{Enter}");
    await waitFor(() => expect(screen.queryByRole("alertdialog")).not.toBeInTheDocument());
    expect(calls).toBe(1);
    await waitFor(() => expect(opener()).toHaveFocus());
  });

  test("stays with the reason when the action fails, and can be tried again", async ({ show, user }) => {
    let calls = 0;
    show(
      <Asking
        onConfirm={async () => {
          if (calls++ === 0) throw new Error("The disk is full.");
        }}
      />,
    );
    await openIt(user);
    await user.click(await screen.findByRole("button", { name: "Delete" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The disk is full.");
    await user.click(screen.getByRole("button", { name: "Delete" }));
    await waitFor(() => expect(screen.queryByRole("alertdialog")).not.toBeInTheDocument());
  });

  test("cannot be left while the action is running", async ({ show, user }) => {
    let done: () => void = () => undefined;
    show(<Asking onConfirm={() => new Promise((resolve) => (done = resolve))} />);
    await openIt(user);
    await user.click(await screen.findByRole("button", { name: "Delete" }));
    await screen.findByRole("button", { name: /Deleting/ });
    await user.keyboard("{Escape}");
    expect(screen.getByRole("alertdialog")).toBeVisible();
    done();
    await waitFor(() => expect(screen.queryByRole("alertdialog")).not.toBeInTheDocument());
  });
});

test.describe("a menu", () => {
  test("opens, moves and acts by key, passes over what is disabled, and gives the focus back", async ({ show, user }) => {
    const chosen: string[] = [];
    const entry = (label: string, isDisabled = false) => ({ label, isDisabled, onSelect: () => chosen.push(label) });
    show(<Menu trigger={<Button>More</Button>} label="Actions" entries={[entry("Rename"), entry("Copy", true), "-", entry("Delete")]} />);
    const button = await screen.findByRole("button", { name: "More" });
    button.focus();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.getByRole("menuitem", { name: "Rename" })).toHaveFocus());
    await user.keyboard("{ArrowDown}");
    await waitFor(() => expect(screen.getByRole("menuitem", { name: "Delete" })).toHaveFocus());
    await user.keyboard("{Enter}");
    expect(chosen).toEqual(["Delete"]);
    await waitFor(() => expect(button).toHaveFocus());
  });

  test("of one choice shows which it is", async ({ show, user }) => {
    let value = "a";
    const options = [
      { value: "a", label: "Ask" },
      { value: "b", label: "Auto", hint: "Runs everything" },
    ];
    show(<Menu trigger={<Button>Mode</Button>} choice={{ value, onChange: (next) => (value = next), options }} />);
    await user.click(await screen.findByRole("button", { name: "Mode" }));
    expect(await screen.findByRole("menuitemradio", { name: "Ask" })).toBeChecked();
    await user.click(screen.getByRole("menuitemradio", { name: /Auto/ }));
    expect(value).toBe("b");
  });
});

test.describe("a list to pick from", () => {
  const groups = (run: () => void) => [
    {
      heading: "Apps",
      items: [
        { id: "1", title: "React", run },
        { id: "2", title: "Next.js", run: () => undefined },
      ],
    },
    { heading: "Databases", items: [{ id: "3", title: "PostgreSQL", refusal: "Install `postgres` first.", run }] },
  ];
  test("is searched and picked by key", async ({ show, user }) => {
    let runs = 0;
    show(<PickList label="Add" placeholder="Search" empty="Nothing here." groups={groups(() => runs++)} />);
    await user.type(await screen.findByPlaceholderText("Search"), "rea{Enter}");
    expect(runs).toBe(1);
    expect(screen.queryByText("Next.js")).not.toBeInTheDocument();
  });
  test("says why something cannot be picked", async ({ show, user }) => {
    let runs = 0;
    show(<PickList label="Add" placeholder="Search" empty="Nothing here." groups={groups(() => runs++)} />);
    await user.type(await screen.findByPlaceholderText("Search"), "postg{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("PostgreSQL: Install postgres first.");
    expect(runs).toBe(0);
  });
  test("says when nothing is found, and what an empty list means", async ({ show, user }) => {
    show(<PickList label="Add" placeholder="Search" empty="Nothing here." groups={[]} />);
    expect(await screen.findByText("Nothing here.")).toBeVisible();
    await user.type(screen.getByPlaceholderText("Search"), "zzz");
    expect(screen.getByText(/“zzz”/)).toBeVisible();
  });
});

test.describe("a notice", () => {
  test("of a failure interrupts readers; its action runs once and takes it away", async ({ show, user }) => {
    let calls = 0;
    show(<p>Page</p>);
    await screen.findByText("Page");
    toast("That did not work.", { kind: "failed", action: { label: "Retry", onSelect: () => calls++ } });
    expect(await screen.findByRole("alert")).toHaveTextContent("That did not work.");
    await user.click(screen.getByRole("button", { name: "Retry" }));
    await waitFor(() => expect(screen.queryByRole("alert")).not.toBeInTheDocument());
    expect(calls).toBe(1);
  });
  test("over a dialog is answered without closing it", async ({ show, user }) => {
    show(<Named />);
    await openIt(user);
    await screen.findByRole("dialog");
    toastWithUndo("Saved.", () => undefined);
    await user.click(await screen.findByText("Undo"));
    await waitFor(() => expect(screen.queryByText("Saved.")).not.toBeInTheDocument());
    expect(screen.getByRole("dialog")).toBeVisible();
  });
  test("stays as long as it has the focus", async ({ show, user }) => {
    show(<p>Page</p>);
    await screen.findByText("Page");
    toast("Kept.", { durationMs: 400 });
    await screen.findByText("Kept.");
    screen.getByRole("button", { name: "Close" }).focus();
    toast("Other.", { durationMs: 800 });
    await screen.findByText("Other.");
    await waitFor(() => expect(screen.queryByText("Other.")).not.toBeInTheDocument());
    expect(screen.getByText("Kept.")).toBeVisible();
    await user.tab();
    await waitFor(() => expect(screen.queryByText("Kept.")).not.toBeInTheDocument());
  });
  test("says why something could not be undone", async ({ show, user }) => {
    show(<Named />);
    toastWithUndo("Renamed.", () => Promise.reject(new Error("The name is taken.")));
    await user.click(await screen.findByText("Undo"));
    expect(await screen.findByRole("alert")).toHaveTextContent(/^Couldn't undo\./);
  });
});
