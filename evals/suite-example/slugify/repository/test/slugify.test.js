import assert from "node:assert/strict";
import { test } from "node:test";
import { slugify } from "../slugify.js";

test("is lower case", () => assert.equal(slugify("Hello World"), "hello-world"));
test("drops punctuation", () => assert.equal(slugify("What's new?"), "whats-new"));
