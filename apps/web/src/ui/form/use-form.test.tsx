import { ApiError } from "@tesslate/client/core";
import { useState } from "react";
import { expect, expectAccessible, screen, test, waitFor } from "../../testing/index.ts";
import { Banner } from "../Banner.tsx";
import { Button } from "../Button.tsx";
import { Field } from "../Field.tsx";
import { Input } from "../Input.tsx";
import { Select } from "../Select.tsx";
import { Textarea } from "../Textarea.tsx";
import { useForm, type FormOptions } from "./use-form.ts";

interface Card {
  title: string;
  color: string;
  note: string;
}
const start: Card = { title: "", color: "red", note: "" };
const invalid = (name: string, msg: string) => new ApiError(422, { detail: [{ loc: ["body", name], msg, type: "x" }] });
const taken = new ApiError(409, { detail: "That title is taken.", code: "conflict" });

function CardForm(options: Partial<FormOptions<Card>> & Pick<FormOptions<Card>, "submit">) {
  const form = useForm<Card>({
    start,
    check: ({ title, color }) => ({
      ...(!title.trim() && { title: "Enter a title." }),
      ...(color === "none" && { "": "Choose a color or write a note." }),
    }),
    ...options,
  });
  return (
    <form onSubmit={form.onSubmit} noValidate>
      {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
      <Field label="Title" error={form.errors.title}>
        <Input {...form.text("title")} />
      </Field>
      <Field label="Color" error={form.errors.color}>
        <Select
          {...form.choice("color")}
          options={[
            { value: "red", label: "Red" },
            { value: "none", label: "None" },
          ]}
        />
      </Field>
      <Field label="Note" error={form.errors.note}>
        <Textarea {...form.text("note")} />
      </Field>
      <Button type="submit" isLoading={form.isSubmitting} loadingWord="Saving…">
        Save
      </Button>
      <Button onClick={() => form.reset()}>Start over</Button>
      <output>{form.isDirty ? "changed" : "unchanged"}</output>
      <p>Title now: {form.values.title}</p>
    </form>
  );
}
/** Whether the browser would ask before it leaves the page. */
const asks = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
const save = () => screen.getByRole("button", { name: "Save" });
const title = () => screen.findByLabelText("Title");

test("what a check refuses is named at its field, which is focused, and nothing is sent", async ({ show, user }) => {
  const sent: Card[] = [];
  show(<CardForm submit={async (values) => sent.push(values)} />);
  await user.type(await screen.findByLabelText("Note"), "A note");
  await user.click(save());
  await waitFor(() => expect(screen.getByLabelText("Title")).toHaveAccessibleDescription("Enter a title."));
  await waitFor(() => expect(screen.getByLabelText("Title")).toHaveFocus());
  expect(sent).toEqual([]);
  await expectAccessible();
});

test("Enter in another field focuses the first one with an error", async ({ show, user }) => {
  show(<CardForm start={{ ...start, title: "Card" }} submit={() => Promise.reject(invalid("note", "Too long."))} />);
  await user.type(await title(), "{Enter}");
  await waitFor(() => expect(screen.getByLabelText("Note")).toHaveFocus());
});

test("an error goes when its field is corrected, and the values are sent as typed and chosen", async ({ show, user }) => {
  const sent: Card[] = [];
  show(<CardForm submit={async (values) => sent.push(values)} />);
  await title();
  await user.click(save());
  await waitFor(() => expect(screen.getByLabelText("Title")).toBeInvalid());
  await user.type(await title(), "Paint");
  await waitFor(() => expect(screen.getByLabelText("Title")).toBeValid());
  expect(screen.getByText("Title now: Paint")).toBeVisible();
  await user.click(save());
  await waitFor(() => expect(sent).toEqual([{ title: "Paint", color: "red", note: "" }]));
});

test("a check may refuse the form as a whole", async ({ show, user }) => {
  const sent: Card[] = [];
  show(<CardForm start={{ ...start, title: "Card", color: "none" }} submit={async (values) => sent.push(values)} />);
  await title();
  await user.click(save());
  expect(await screen.findByText("Choose a color or write a note.")).toBeVisible();
  expect(sent).toEqual([]);
});

test("the fields that a 422 names show its sentences, other errors stand above the form", async ({ show, user }) => {
  const errors: unknown[] = [invalid("note", "Must be at most 10 characters"), invalid("size", "Must be a number"), taken];
  show(<CardForm start={{ ...start, title: "Card" }} submit={() => Promise.reject(errors.shift())} />);
  await title();
  await user.click(save());
  await waitFor(() => expect(screen.getByLabelText("Note")).toHaveAccessibleDescription("Must be at most 10 characters"));
  await user.click(save());
  expect(await screen.findByText("Must be a number")).toBeVisible();
  expect(screen.queryByRole("link")).toBeNull();
  expect(screen.getByLabelText("Note")).toBeValid();
  await user.click(save());
  expect(await screen.findByText("That title is taken.")).toBeVisible();
  expect(screen.getByRole("link", { name: /^Learn more/ })).toHaveAttribute("href", "/help/api/errors#conflict");
});

test("a form has its own sentence for an error that means something there", async ({ show, user }) => {
  show(
    <CardForm
      start={{ ...start, title: "Card" }}
      submit={() => Promise.reject(taken)}
      faultsOf={(error) => (error === taken ? { title: "Another card has this title." } : undefined)}
    />,
  );
  await title();
  await user.click(save());
  await waitFor(() => expect(screen.getByLabelText("Title")).toHaveAccessibleDescription(/^Another card has this title\. Learn more/));
});

test("while it is being sent the form is busy and is not sent again; nobody is torn from what they type meanwhile", async ({
  show,
  user,
}) => {
  let refuse: (error: unknown) => void = () => undefined;
  let count = 0;
  const submit = () => {
    count += 1;
    return new Promise((_, reject) => (refuse = reject));
  };
  show(<CardForm start={{ ...start, title: "Card" }} submit={submit} />);
  await user.type(await title(), "{Enter}");
  expect(await screen.findByRole("button", { name: /Saving/ })).toHaveAttribute("aria-busy", "true");
  // What is sent may itself lead to another page.
  expect(asks()).toBe(false);
  await user.type(await title(), "{Enter}");
  await user.type(screen.getByLabelText("Note"), "More");
  refuse(invalid("title", "Must be at most 3 characters"));
  await waitFor(() => expect(screen.getByLabelText("Title")).toBeInvalid());
  expect(screen.getByLabelText("Note")).toHaveFocus();
  expect(save()).toBeVisible();
  expect(count).toBe(1);
});

test("changes are guarded until they are undone or sent, unless the form says that they cost nothing", async ({ show, user }) => {
  const shown = show(<CardForm submit={() => Promise.resolve()} />);
  expect(await screen.findByText("unchanged")).toBeVisible();
  expect(asks()).toBe(false);
  await user.type(await title(), "Paint");
  expect(await screen.findByText("changed")).toBeVisible();
  expect(asks()).toBe(true);
  await user.click(screen.getByRole("button", { name: "Start over" }));
  expect(await screen.findByText("unchanged")).toBeVisible();
  expect(screen.getByLabelText("Title")).toHaveValue("");
  expect(asks()).toBe(false);
  await user.type(await title(), "Paint");
  expect(asks()).toBe(true);
  await user.click(save());
  expect(await screen.findByText("unchanged")).toBeVisible();
  expect(screen.getByLabelText("Title")).toHaveValue("Paint");
  expect(asks()).toBe(false);
  shown.unmount();
  show(<CardForm isGuarded={false} submit={() => Promise.resolve()} />);
  await user.type(await title(), "Paint");
  expect(await screen.findByText("changed")).toBeVisible();
  expect(asks()).toBe(false);
});

test("what is stored reaches the fields that nobody changed", async ({ show, user }) => {
  function Stored() {
    const [saved, setSaved] = useState<Card>({ title: "Old", color: "red", note: "Old note" });
    return (
      <>
        <CardForm start={saved} saved={saved} submit={() => Promise.resolve()} />
        <Button onClick={() => setSaved({ title: "New", color: "red", note: "New note" })}>Arrive</Button>
      </>
    );
  }
  show(<Stored />);
  await user.type(await title(), " and mine");
  await user.click(screen.getByRole("button", { name: "Arrive" }));
  await waitFor(() => expect(screen.getByLabelText("Note")).toHaveValue("New note"));
  expect(screen.getByLabelText("Title")).toHaveValue("Old and mine");
  expect(screen.getByText("changed")).toBeVisible();
});
