import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { expect, screen, test, waitFor } from "../testing/index.ts";
import { usePendingChanges } from "./use-pending-changes.ts";

const key = ["letters"];
type Add = (letter: string) => Promise<string>;

/** A list that grows by a letter at each press, and the notes of how the changes ended. */
function Letters({ add, read, isCommitted = true }: { add: Add; read: () => Promise<string>; isCommitted?: boolean }) {
  const queries = useQueryClient();
  const { data } = useQuery({ queryKey: key, queryFn: read });
  const { shown, change } = usePendingChanges(key, data);
  const [ends, setEnds] = useState("");
  const press = (letter: string) =>
    void change({
      apply: (letters) => letters + letter.toLowerCase(),
      call: () => add(letter),
      ...(isCommitted && { commit: (letters: string, answer: string) => letters + answer }),
    }).then(
      (answer) => setEnds((known) => `${known}+${answer}`),
      () => setEnds((known) => `${known}-${letter}`),
    );
  return (
    <>
      <output>{shown ?? "none"}</output>
      <p>Ends: {ends}</p>
      {["A", "B"].map((letter) => (
        <button key={letter} type="button" onClick={() => press(letter)}>
          Add {letter}
        </button>
      ))}
      <button type="button" onClick={() => queries.setQueryData(key, "xy")}>
        Event
      </button>
    </>
  );
}
const shows = (text: string) => waitFor(() => expect(screen.getByRole("status")).toHaveTextContent(text));
const press = (name: string) => screen.getByRole("button", { name });
/** A server that answers each letter when it is told to. */
function createServer() {
  const asked: string[] = [];
  const answers = new Map<string, PromiseWithResolvers<string>>();
  const answerOf = (letter: string) => {
    const known = answers.get(letter) ?? Promise.withResolvers<string>();
    answers.set(letter, known);
    return known;
  };
  return {
    asked,
    answerOf,
    add: (letter: string) => {
      asked.push(letter);
      return answerOf(letter).promise;
    },
  };
}

test("changes are shown before their answers, are sent one after another, and become what the server says", async ({ show, user }) => {
  const server = createServer();
  show(<Letters add={server.add} read={async () => "x"} />);
  await shows("x");
  await user.click(press("Add A"));
  await user.click(press("Add B"));
  await shows("xab");
  expect(server.asked).toEqual(["A"]);
  server.answerOf("A").resolve("A");
  await waitFor(() => expect(server.asked).toEqual(["A", "B"]));
  await shows("xAb");
  server.answerOf("B").resolve("B");
  await shows("xAB");
  expect(await screen.findByText("Ends: +A+B")).toBeVisible();
});

test("a pending change is applied to what others changed meanwhile", async ({ show, user }) => {
  const server = createServer();
  show(<Letters add={server.add} read={async () => "x"} />);
  await shows("x");
  await user.click(press("Add A"));
  await shows("xa");
  await user.click(press("Event"));
  await shows("xya");
  server.answerOf("A").resolve("A");
  await shows("xyA");
});

test("a rejected change disappears and the list is loaded again; changes after it are kept", async ({ show, user }) => {
  const server = createServer();
  let stored = "x";
  show(<Letters add={server.add} read={async () => stored} />);
  await shows("x");
  await user.click(press("Add A"));
  await user.click(press("Add B"));
  await shows("xab");
  stored = "xz";
  server.answerOf("A").reject(new Error("Refused."));
  await shows("xzb");
  server.answerOf("B").resolve("B");
  await shows("xzB");
  expect(await screen.findByText("Ends: -A+B")).toBeVisible();
});

test("a change without a result of its own is shown until the list is loaded again", async ({ show, user }) => {
  const server = createServer();
  const again = Promise.withResolvers<string>();
  let isFirst = true;
  const read = () => {
    const answer = isFirst ? Promise.resolve("x") : again.promise;
    isFirst = false;
    return answer;
  };
  show(<Letters add={server.add} read={read} isCommitted={false} />);
  await shows("x");
  await user.click(press("Add A"));
  server.answerOf("A").resolve("A");
  await shows("xa");
  again.resolve("xA");
  await shows("xA");
});
