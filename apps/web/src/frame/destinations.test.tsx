import { createMemoryHistory } from "@tanstack/react-router";
import { createQueryClient } from "../lib/query.ts";
import { createAppRouter } from "../routes.tsx";
import { expect, test } from "../testing/index.ts";
import { pageDestinations, settingDestinations } from "./destinations.tsx";

/** Routes that the palette does not list, and why. */
const unlisted: Record<string, string> = {
  "/login": "for people without a session",
  "/register": "for people without a session",
  "/forgot-password": "for people without a session",
  "/connect-model": "follows the registration of the first administrator",
  "/reset-password": "opened from an email",
  "/verify": "opened from an email",
  "/restore": "opened from an email",
  "/oauth/callback": "a provider leads back to it",
  "/oauth/connected": "a provider leads back to it",
  "/marketplace/success": "a payment leads back to it",
  "/billing/connect/$outcome": "a payment provider leads back to it",
  "/@{$username}": "a creator's page, linked in the store and in one's profile",
  "/settings/billing/receipts/$id": "a receipt, linked in the payments",
  "/help/$": "a document, found by its words in the palette",
  "/settings": "leads to the first settings page",
  "/settings/look/$themeId": "a theme, found by name in the palette",
  "/admin/users/$userId": "a person, found in the palette",
  "/admin/projects/$projectId": "a row of the projects of the administration",
  "/marketplace/agent/$slug": "an agent, found in the palette",
  "/marketplace/base/$slug": "a template, found in the palette",
  "/marketplace/theme/$id": "a theme, found in the store",
  "/library/agents/$slug": "an own agent, found in the palette",
  "/p/$slug/{-$view}": "a project, found in the palette",
};

const withoutSlash = (path: string) => path.replace(/(.)\/$/, "$1");
const router = createAppRouter(createQueryClient(), createMemoryHistory());
const routes = [...new Set(Object.keys(router.routesByPath).map(withoutSlash))];
const listed = pageDestinations({ is_superuser: true }).map(({ to }) => to);

test("every route is in the palette, or there is a reason why not", () => {
  expect(routes.filter((path) => !listed.includes(path) && !(path in unlisted))).toEqual([]);
  expect(Object.keys(unlisted).filter((path) => !routes.includes(path) || listed.includes(path))).toEqual([]);
});

test("every page and setting leads to a route", () => {
  const known = [...routes, "/library/agents/new", "/docs"];
  expect([...listed, ...settingDestinations().map(({ to }) => to.replace(/#.*/, ""))].filter((to) => !known.includes(to))).toEqual([]);
});

test("administration is for administrators", () => {
  expect(pageDestinations({ is_superuser: false }).filter(({ to }) => to.startsWith("/admin"))).toEqual([]);
  expect(listed).toContain("/admin/users");
});
