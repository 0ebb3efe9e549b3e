import { expect, screen, test } from "../testing/index.ts";
import { useShortcuts } from "./use-shortcuts.ts";

function Page({ dialog, onSearch }: { dialog: "open" | "closed" | undefined; onSearch: () => void }) {
  useShortcuts({ "palette.open": onSearch });
  return <p>Page {dialog && <span role="dialog" data-state={dialog} />}</p>;
}

// Radix keeps a closed dialog in the document while it fades out.
test.for([
  { dialog: undefined, fired: 1 },
  { dialog: "open" as const, fired: 0 },
  { dialog: "closed" as const, fired: 1 },
])("with the dialog $dialog, Ctrl+K fires $fired times", async ({ dialog, fired }, { show, user }) => {
  let searches = 0;
  show(<Page dialog={dialog} onSearch={() => (searches += 1)} />);
  await screen.findByText("Page");
  await user.keyboard("{Control>}k{/Control}");
  expect(searches).toBe(fired);
});
