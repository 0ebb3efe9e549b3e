import { expect, test } from "vitest";
import { findRegisterFaults } from "./register.ts";

const good = { name: "Anna", email: "Anna@X.org", password: "long enough", setup_token: "" };

test.each([
  [{}, []],
  [{ name: "" }, []],
  [{ email: "" }, ["email"]],
  [{ email: "anna" }, ["email"]],
  [{ email: "a b@x.org" }, ["email"]],
  [{ password: "" }, ["password"]],
  [{ password: "short" }, ["password"]],
  [{ password: "x".repeat(129) }, ["password"]],
  [{ password: "ANNA@x.ORG" }, ["password"]],
  [{ password: "12345678" }, ["password"]],
  [{ name: "x".repeat(101), password: "" }, ["name", "password"]],
])("%j", (change, faulty) => expect(Object.keys(findRegisterFaults({ ...good, ...change })).sort()).toEqual(faulty));
