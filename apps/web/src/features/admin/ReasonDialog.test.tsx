import { useState } from "react";
import { expect, screen, test, waitFor } from "../../testing/index.ts";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { ReasonDialog } from "./ReasonDialog.tsx";

function Adjust({ onConfirm }: { onConfirm: (reason: string, notify: boolean) => Promise<void> }) {
  const [amount, setAmount] = useState("");
  return (
    <ReasonDialog
      title="Adjust credits?"
      confirmLabel="Adjust"
      loadingWord="Adjusting…"
      canNotify
      problem={amount ? undefined : "Enter a whole number."}
      fields={
        <Field label="Credits">
          <Input value={amount} onChange={(event) => setAmount(event.target.value)} />
        </Field>
      }
      onConfirm={onConfirm}
      onClose={() => undefined}
    >
      Changes the balance.
    </ReasonDialog>
  );
}

test("a reason and what the further fields lack are asked for before anything is sent", async ({ show, user }) => {
  const sent: [string, boolean][] = [];
  show(<Adjust onConfirm={async (...given) => void sent.push(given)} />);
  await user.click(await screen.findByRole("button", { name: "Adjust" }));
  expect(screen.getByText("Enter a whole number.")).toBeVisible();
  expect(screen.getByLabelText("Reason")).toHaveAccessibleDescription(/A reason is required for the audit log\./);
  await user.type(screen.getByLabelText("Reason"), " Goodwill ");
  await user.click(screen.getByRole("button", { name: "Adjust" }));
  expect(sent).toEqual([]);
  await user.type(screen.getByLabelText("Credits"), "5");
  await user.click(screen.getByLabelText("Email the user this reason"));
  await user.click(screen.getByRole("button", { name: "Adjust" }));
  await waitFor(() => expect(sent).toEqual([["Goodwill", true]]));
});

test("an error keeps the dialog and its text", async ({ show, user }) => {
  show(<Adjust onConfirm={() => Promise.reject(new Error("The balance would be negative."))} />);
  await user.type(await screen.findByLabelText("Credits"), "5");
  await user.type(screen.getByLabelText("Reason"), "Goodwill");
  await user.click(screen.getByRole("button", { name: "Adjust" }));
  expect(await screen.findByText("The balance would be negative.")).toBeVisible();
  expect(screen.getByLabelText("Reason")).toHaveValue("Goodwill");
});
