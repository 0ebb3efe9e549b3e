import { ApiError } from "@tesslate/client/core";
import { useState } from "react";
import { expect, screen, test, waitFor } from "../../testing/index.ts";
import { Banner } from "../Banner.tsx";
import { Button } from "../Button.tsx";
import { Field } from "../Field.tsx";
import { Input } from "../Input.tsx";
import { useSubmission } from "./use-submission.ts";

function NameForm({ request }: { request: (name: string) => Promise<unknown> }) {
  const [name, setName] = useState("");
  const { errors, isSubmitting, onSubmit } = useSubmission(["name"], {
    check: name ? {} : { name: "Enter a name." },
    submit: () => request(name),
    start: { "": "You were signed out." },
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
      <Field label="Name" error={errors.name}>
        <Input value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Button type="submit" isLoading={isSubmitting} loadingWord="Saving…">
        Save
      </Button>
    </form>
  );
}

test("what is missing is named and focused before anything is sent, and the first errors go", async ({ show, user }) => {
  const sent: string[] = [];
  show(<NameForm request={async (name) => sent.push(name)} />);
  expect(await screen.findByText("You were signed out.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(screen.getByLabelText("Name")).toHaveAccessibleDescription("Enter a name.");
  expect(screen.getByLabelText("Name")).toHaveFocus();
  expect(screen.queryByText("You were signed out.")).toBeNull();
  await user.type(screen.getByLabelText("Name"), "Ada");
  expect(screen.getByLabelText("Name")).toBeValid();
  await user.keyboard("{Enter}");
  await waitFor(() => expect(sent).toEqual(["Ada"]));
});

test("errors of the server are shown as in every form, and a request at a time is sent", async ({ show, user }) => {
  let refuse: (error: unknown) => void = () => undefined;
  let count = 0;
  const request = () => {
    count += 1;
    return new Promise((_, reject) => (refuse = reject));
  };
  show(<NameForm request={request} />);
  await user.type(await screen.findByLabelText("Name"), "Ada{Enter}");
  await screen.findByRole("button", { name: /Saving/ });
  await user.type(screen.getByLabelText("Name"), "{Enter}");
  refuse(new ApiError(422, { detail: [{ loc: ["body", "name"], msg: "Must not be empty", type: "minLength" }] }));
  await waitFor(() => expect(screen.getByLabelText("Name")).toHaveAccessibleDescription("Must not be empty"));
  expect(count).toBe(1);
  await user.type(screen.getByLabelText("Name"), "{Enter}");
  refuse(new ApiError(409, { detail: "That name is taken.", code: "conflict" }));
  expect(await screen.findByText("That name is taken.")).toBeVisible();
  expect(screen.getByRole("link", { name: /^Learn more/ })).toHaveAttribute("href", "/help/api/errors#conflict");
});
