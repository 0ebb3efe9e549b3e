import { expect, screen, test, waitFor } from "../../testing/index.ts";
import { SecretForm } from "./SecretForm.tsx";

const noNames = new Set<string>();

test("a secret is added, and the form is empty for the next", async ({ show, user }) => {
  const saved: string[][] = [];
  show(<SecretForm known={noNames} onSave={async (key, value) => saved.push([key, value])} />);
  const add = await screen.findByRole("button", { name: "Add secret" });
  expect(add).toBeDisabled();
  await user.type(screen.getByLabelText("Name"), " STRIPE_KEY ");
  await user.type(screen.getByLabelText("Value"), "sk_live{Enter}");
  await waitFor(() => expect(saved).toEqual([["STRIPE_KEY", "sk_live"]]));
  await waitFor(() => expect(screen.getByLabelText("Value")).toHaveValue(""));
  expect(screen.getByLabelText("Name")).toHaveValue("");
});

test("a name that cannot be one is refused at its field until it is corrected", async ({ show, user }) => {
  show(<SecretForm known={noNames} onSave={() => Promise.resolve()} />);
  await user.type(await screen.findByLabelText("Value"), "x");
  await user.type(screen.getByLabelText("Name"), "2FA{Enter}");
  expect(screen.getByLabelText("Name")).toHaveAccessibleDescription(/must not start with a digit/);
  await user.clear(screen.getByLabelText("Name"));
  await user.type(screen.getByLabelText("Name"), "TWO_FA");
  await waitFor(() => expect(screen.getByLabelText("Name")).toBeValid());
});

test("a value that is not saved stays, with the reason", async ({ show, user }) => {
  show(<SecretForm name="STRIPE_KEY" known={new Set(["STRIPE_KEY"])} onSave={() => Promise.reject(new Error("The disk is full."))} />);
  await user.type(await screen.findByLabelText("New value of STRIPE_KEY"), "sk_live{Enter}");
  expect(await screen.findByText("The disk is full.")).toBeVisible();
  expect(screen.getByLabelText("New value of STRIPE_KEY")).toHaveValue("sk_live");
});
