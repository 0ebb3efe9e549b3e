import { Domain, Site } from "@tesslate/contract";
import { vi } from "vitest";
import { expect, expectAccessible, openPane, refuse, sample, screen, test, waitFor, within } from "../../testing/index.ts";
import { DomainsDialog } from "./DomainsDialog.tsx";

const pending: Domain = sample(Domain, {
  hostname: "shop.example.com",
  state: "pending",
  is_primary: false,
  counterpart: null,
  problem: "The TXT record was not found yet.",
  records: [
    { type: "TXT", name: "_studio-challenge.shop.example.com", value: "studio-verification=abc", is_found: false, found: [] },
    { type: "CNAME", name: "shop.example.com", value: "edge.example.net", is_found: false, found: ["parked.example.org"] },
  ],
});
const site: Site = sample(Site, {
  container_name: "Web",
  name: "bakery",
  url: "https://bakery.apps.example.net",
  public_url: "https://bakery.apps.example.net",
  has_password: false,
  domains: [pending],
});
const page = (items: Site[]) => ({ items, total: items.length, page: 1, total_pages: 1 });
const dialog = () => openPane(() => <DomainsDialog onClose={() => undefined} />).element;

test("without a deployment here it says what to do first", async ({ api, show }) => {
  api.answer("domains.sites", page([]));
  show(dialog());
  expect(await screen.findByRole("heading", { name: "No app is deployed on this server yet" })).toBeVisible();
});

test("a domain shows the records to set, what was found instead, and is checked again", async ({ api, show, user }) => {
  api.answer("domains.sites", page([site]));
  show(dialog());
  const table = await screen.findByRole("table", { name: "Set these records at your DNS provider." });
  expect(within(table).getByText("studio-verification=abc")).toBeVisible();
  expect(within(table).getByText("parked.example.org")).toBeVisible();
  expect(screen.getByText("The TXT record was not found yet.", { exact: false })).toBeVisible();
  await expectAccessible();
  expect(screen.queryByRole("button", { name: "Make primary" }), "a domain that does not work yet").toBeNull();
  const done: Domain = {
    ...pending,
    state: "active",
    problem: null,
    records: pending.records.map((record) => ({ ...record, is_found: true })),
  };
  api.answer("domains.check", done);
  api.answer("domains.sites", page([{ ...site, domains: [done] }]));
  await user.click(screen.getByRole("button", { name: "Check now" }));
  await waitFor(() => expect(screen.getByText("Active")).toBeVisible());
  expect(screen.queryByRole("table")).toBeNull();
  expect(screen.getByRole("button", { name: "Make primary" })).toBeVisible();
});

test("on a server without a public address a domain says that it cannot lead there", async ({ api, show }) => {
  const records = pending.records.map((record) => (record.type === "CNAME" ? { ...record, value: "localhost" } : record));
  api.answer("domains.sites", page([{ ...site, domains: [{ ...pending, records }] }]));
  show(dialog());
  expect(await screen.findByText(/This server's address is on localhost/)).toBeVisible();
});

test("on a phone the records are a list, in which every value can be copied", async ({ api, show }) => {
  const matches = vi
    .spyOn(window, "matchMedia")
    .mockImplementation(
      (media) =>
        ({ media, matches: media.includes("640px"), addEventListener: () => undefined, removeEventListener: () => undefined }) as never,
    );
  api.answer("domains.sites", page([site]));
  show(dialog());
  const records = await screen.findByRole("list", { name: "DNS records" });
  expect(within(records).getAllByRole("listitem")).toHaveLength(2);
  expect(within(records).getByText("studio-verification=abc")).toBeVisible();
  expect(within(records).getByText("parked.example.org")).toBeVisible();
  expect(within(records).getByRole("button", { name: "Copy CNAME record of shop.example.com" })).toBeVisible();
  expect(screen.queryByRole("table")).toBeNull();
  await expectAccessible();
  matches.mockRestore();
});

test("name, password and domains are changed; what the server refuses is shown at the form", async ({ api, show, user }) => {
  api.answer("domains.sites", page([{ ...site, domains: [] }]));
  api.answer("domains.checkName", ({ query }) => ({ name: String(query.get("name")), problem: null, detail: null, suggestion: null }));
  show(dialog());
  await screen.findByText("Anyone with the address can open the app. No custom domains yet: add one to serve the app at your own address.");
  await user.click(await screen.findByRole("button", { name: "Change name…" }));
  const name = screen.getByRole("textbox", { name: "Name" });
  await user.clear(name);
  await user.type(name, "Not valid");
  await user.click(screen.getByRole("button", { name: "Change name" }));
  expect(await screen.findByText("Use letters, digits and single hyphens.")).toBeVisible();
  await user.clear(name);
  await user.type(name, "cakes");
  api.answer("domains.updateSite", refuse("site_name_taken", { detail: "This name is taken. Choose another one." }));
  await user.click(screen.getByRole("button", { name: "Change name" }));
  expect(await screen.findByText("This name is taken. Choose another one.")).toBeVisible();

  await user.click(screen.getByRole("button", { name: "Set password…" }));
  await user.type(screen.getByLabelText("Password for visitors"), "open sesame");
  api.answer("domains.updateSite", { ...site, has_password: true });
  await user.click(screen.getByRole("button", { name: "Set password" }));
  await waitFor(() => expect(api.asked("domains.updateSite").at(-1)?.body).toEqual({ password: "open sesame" }));

  await user.click(screen.getByRole("button", { name: "Add domain…" }));
  await user.type(screen.getByRole("textbox", { name: "Domain" }), "https://shop.example.com/");
  api.answer("domains.create", pending);
  await user.click(screen.getByRole("button", { name: "Add domain" }));
  await waitFor(() => expect(api.asked("domains.create")[0]?.body).toMatchObject({ hostname: "shop.example.com" }));
});
