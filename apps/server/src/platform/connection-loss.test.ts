import { expect, test } from "vitest";
import { RuntimeError } from "@tesslate/runtime";
import { isConnectionLoss } from "./connection-loss.ts";
import { AppError } from "./errors.ts";

const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:5432"), { code: "ECONNREFUSED", syscall: "connect" });

test("a refused connection is a loss of the database only where no error names another reason", () => {
  expect(isConnectionLoss(refused)).toBe(true);
  expect(isConnectionLoss(new Error("Failed query: select 1", { cause: refused }))).toBe(true);
  expect(isConnectionLoss(new AppError("bad_gateway", "example.com could not be reached.", { cause: refused }))).toBe(false);
  expect(isConnectionLoss(new RuntimeError("unavailable", "Nothing listens on port 5173.", { cause: refused }))).toBe(false);
  expect(isConnectionLoss(new Error("no database"))).toBe(false);
});
