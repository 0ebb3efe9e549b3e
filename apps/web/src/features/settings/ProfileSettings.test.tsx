import { expect, person, refuse, screen, signedIn, test, waitFor } from "../../testing/index.ts";

const path = "/settings/profile";
const save = () => screen.getByRole("button", { name: "Save" });

test("a change is saved, and there is nothing left to save", async ({ api, open, user }) => {
  signedIn(api);
  open(path);
  const website = await screen.findByLabelText("Website");
  expect(save()).toBeDisabled();
  await user.type(website, "https://example.com");
  api.answer("users.updateMe", person({ website_url: "https://example.com/" }));
  await user.click(save());
  await screen.findByText("Profile saved.");
  await waitFor(() => expect(save()).toBeDisabled());
  expect(screen.getByLabelText("Website")).toHaveValue("https://example.com/");
  expect(api.asked("users.updateMe")[0]?.body).toMatchObject({ website_url: "https://example.com", bio: null });
});

test("what the server refuses stands at its field until it is corrected", async ({ api, open, user }) => {
  signedIn(api);
  api.answer("users.updateMe", refuse("validation_error", { issues: { github_username: "This account doesn't exist" } }));
  open(path);
  await user.type(await screen.findByLabelText("GitHub"), "nobody{Enter}");
  await waitFor(() => expect(screen.getByLabelText("GitHub")).toHaveAccessibleDescription("This account doesn't exist"));
  await user.clear(screen.getByLabelText("GitHub"));
  await waitFor(() => expect(screen.getByLabelText("GitHub")).toBeValid());
});
