import assert from "node:assert/strict";
import { test } from "node:test";
import { slugify } from "../slugify.js";

test("is lower case", () => assert.equal(slugify("Hello World"), "hello-world"));
test("drops punctuation", () => assert.equal(slugify("What's new?"), "whats-new"));
test("keeps letters without their accents", () => assert.equal(slugify("Crème brûlée"), "creme-brulee"));
test("joins words by one hyphen", () => assert.equal(slugify("one_two  three"), "one-two-three"));
test("has no hyphen at its ends", () => assert.equal(slugify(" new! "), "new"));
