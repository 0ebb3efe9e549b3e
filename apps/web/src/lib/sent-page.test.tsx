import { useState } from "react";
import { expect, screen, test } from "../testing/index.ts";
import { removeSentPage } from "./sent-page.ts";

function Drawn() {
  const [words, setWords] = useState("");
  return (
    <div id="root">
      <main>
        <input type="search" aria-label="Search help" value={words} onChange={(event) => setWords(event.target.value)} />
        <a href="/help/guides/chat#queue">The queue</a>
        <output>{words}</output>
      </main>
    </div>
  );
}
const send = (html: string) => document.body.insertAdjacentHTML("afterbegin", `<div id="sent-page"><main>${html}</main></div>`);

test("what was typed into the search of the sent page, and the focus, are kept when the app takes over", async ({ show }) => {
  send('<form><input type="search" name="q"></form>');
  const box = document.querySelector<HTMLInputElement>("#sent-page input");
  box?.focus();
  if (box) box.value = "undo";
  show(<Drawn />);
  const drawn = await screen.findByRole("searchbox", { name: "Search help" });
  removeSentPage();
  expect(document.querySelector("#sent-page")).toBeNull();
  expect(drawn).toHaveValue("undo");
  expect(drawn).toHaveFocus();
  // The app knows it, too.
  expect(await screen.findByText("undo")).toBeVisible();
});

test("a link that had the focus has it again", async ({ show }) => {
  send('<a href="#queue">The queue</a>');
  document.querySelector<HTMLElement>("#sent-page a")?.focus();
  show(<Drawn />);
  await screen.findByRole("searchbox", { name: "Search help" });
  removeSentPage();
  expect(screen.getByRole("link", { name: "The queue" })).toHaveFocus();
});

test("a page without a sent text is left as it is", async ({ show }) => {
  show(<Drawn />);
  const drawn = await screen.findByRole("searchbox", { name: "Search help" });
  removeSentPage();
  expect(drawn).not.toHaveFocus();
});
