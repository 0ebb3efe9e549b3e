import { expect, test } from "vitest";
import { suggestTemplate } from "./template-suggestion.ts";

test.each([
  ["A booking page for a small restaurant: pick a day and a time; the owner sees the evening's list.", "full-stack"],
  ["Build a booking app with an admin page", "full-stack"],
  ["A notes app with sign-up and login", "full-stack"],
  ["Let people sign up for the Saturday bread class", "full-stack"],
  ["Bookings for a hair salon", "full-stack"],
  ["Stock count with a PostgreSQL database", "full-stack"],
  ["A members' area for a club", "full-stack"],
  ["Online shop for candles", "full-stack"],
  ["A waiting list for the Saturday bread class: 12 places, people join by email", "full-stack"],
  ["Small CRM for a consultant", "full-stack"],
  ["A NextJS dashboard with login", "nextjs"],
  ["A portfolio in Astro", "astro"],
  ["A blog about baking with tags", "astro"],
  ["FastAPI backend with a React page that lists books", "fastapi-react"],
  ["A FastAPI service for weather data", "fastapi"],
  ["A REST API for a library", "node-api"],
  ["A clock in vanilla JavaScript", "static"],
  ["Django app with user accounts", undefined],
  ["A to-do list with due dates, without accounts or a database", undefined],
  ["A habit tracker with an admin view, everything kept in the browser", undefined],
  ["A recipe book with photos", undefined],
  ["A password generator", undefined],
  ["A list of plants in alphabetical order", undefined],
  ["A counter app: one large number and a reset", undefined],
  ["", undefined],
])("%j calls for %s", (prompt, slug) => expect(suggestTemplate(prompt)?.slug).toBe(slug));

test("the words of the prompt are named", () => {
  expect(suggestTemplate("A gym with Sign-up and roles")).toEqual({
    slug: "full-stack",
    words: "Sign-up",
    brings: "accounts and a database",
  });
});
