import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CustomTheme, LibraryTheme, StoreTheme, type Theme } from "@tesslate/contract";
import { expect, expectAccessible, refuse, sample, screen, signedIn, test, waitFor, within, type CannedApi } from "../../testing/index.ts";

const nord = JSON.parse(readFileSync(join(import.meta.dirname, "../../../../../themes/nord.json"), "utf8")) as Theme;
const { mode, colors, typography, spacing, animation } = nord;
const sections = { mode, colors, typography, spacing, animation };
const own = sample(CustomTheme, {
  ...sections,
  id: "my-nord",
  name: "My Nord",
  description: null,
  category: "general",
  is_published: false,
});
const swatches = { primary: "#6fc7c1", accent: "#f2b872", background: "#10181c", surface: "#162126" };
const added = sample(LibraryTheme, { id: "fjord", name: "Fjord", mode: "dark", creator_name: "Irena", swatches });

function gallery(api: CannedApi, theme: CustomTheme = own): void {
  signedIn(api);
  api.blankReads();
  api.answer("themes.listCustom", { items: [theme] });
  api.answer("marketplaceThemes.library", { items: [added] });
}
const menuOf = (name: string) => screen.findByRole("button", { name: `Actions for ${name}` });

test("a theme is published with a description and a category", async ({ api, open, user }) => {
  gallery(api);
  api.answer("themes.update", { ...own, is_published: true });
  open("/settings/look");
  await user.click(await menuOf("My Nord"));
  await user.click(await screen.findByRole("menuitem", { name: "Publish…" }));
  const dialog = await screen.findByRole("dialog", { name: "Publish My Nord?" });
  expect(within(dialog).getByText(/^Sufficient contrast/)).toBeVisible();
  await user.click(within(dialog).getByRole("button", { name: "Publish theme" }));
  expect(await within(dialog).findByText("Enter a description.")).toBeVisible();
  expect(api.asked("themes.update")).toEqual([]);
  await user.type(within(dialog).getByRole("textbox", { name: "Description" }), "Cold blues");
  await expectAccessible();
  await user.click(within(dialog).getByRole("button", { name: "Publish theme" }));
  await waitFor(() =>
    expect(api.asked("themes.update")[0]?.body).toEqual({
      name: "My Nord",
      description: "Cold blues",
      category: "general",
      is_published: true,
    }),
  );
  await screen.findByText("My Nord published.");
});

test("a theme with too little contrast can't be published, and the dialog names the color", async ({ api, open, user }) => {
  gallery(api, { ...own, colors: { ...colors, textMuted: "rgba(255, 255, 255, 0.2)" } });
  open("/settings/look");
  await user.click(await menuOf("My Nord"));
  await user.click(await screen.findByRole("menuitem", { name: "Publish…" }));
  const dialog = await screen.findByRole("dialog");
  expect(within(dialog).getByRole("list", { name: "Low contrast" })).toHaveTextContent(/^Muted text on .+ at least 4\.5:1 required$/);
  expect(within(dialog).getByRole("button", { name: "Publish theme" })).toBeDisabled();
  expect(within(dialog).getByRole("link", { name: "Edit colors" })).toHaveAttribute("href", "/settings/look/my-nord");
});

test("a published theme is unpublished before it can be deleted; one of the library can be removed", async ({ api, open, user }) => {
  gallery(api, { ...own, is_published: true });
  api.answer("themes.update", { ...own, is_published: false });
  api.blank("marketplaceThemes.remove");
  open("/settings/look");
  await user.click(await menuOf("My Nord"));
  expect(await screen.findByRole("menuitem", { name: /^Delete/ })).toHaveAttribute("aria-disabled", "true");
  await user.click(screen.getByRole("menuitem", { name: "Unpublish" }));
  await waitFor(() => expect(api.asked("themes.update")[0]?.body).toEqual({ is_published: false }));
  await user.click(await menuOf("Fjord"));
  await user.click(await screen.findByRole("menuitem", { name: "Remove from library" }));
  await waitFor(() => expect(api.asked("marketplaceThemes.remove")[0]?.params).toEqual({ id: "fjord" }));
  await screen.findByText("Fjord removed from your library.");
});

const page = sample(StoreTheme, {
  ...sections,
  item_type: "theme",
  id: "fjord",
  name: "Fjord",
  creator_type: "community",
  creator_name: "Irena",
  pricing_type: "free",
  is_owner: false,
  is_purchased: false,
  swatches,
});

test("the page of a theme applies it, which adds it to the library first", async ({ api, open, user }) => {
  gallery(api);
  api.answer("marketplaceThemes.get", page);
  api.answer("marketplaceThemes.add", { ...page, is_purchased: true });
  api.answer("themes.get", { ...nord, id: "fjord", name: "Fjord" });
  api.answer("users.updateMe", { name: "Nadia", theme_preset: "fjord" });
  open("/marketplace/theme/fjord");
  await user.click(await screen.findByRole("button", { name: "Apply theme" }));
  await waitFor(() => expect(api.asked("users.updateMe").map(({ body }) => body)).toContainEqual({ theme_preset: "fjord" }));
  expect(api.asked("marketplaceThemes.add")[0]?.params).toEqual({ id: "fjord" });
  expect(await screen.findByRole("button", { name: "Applied" })).toBeDisabled();
  await expectAccessible();
});

test("a theme that is no longer published is not found", async ({ api, open }) => {
  gallery(api);
  api.answer("marketplaceThemes.get", refuse("not_found"));
  open("/marketplace/theme/fjord");
  expect(await screen.findByRole("heading", { name: "Theme not found" })).toBeVisible();
});
