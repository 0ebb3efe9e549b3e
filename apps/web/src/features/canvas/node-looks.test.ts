import type { Container } from "@tesslate/contract";
import { expect, test } from "vitest";
import { containerSummary, statusWord } from "./node-looks.tsx";

test.each([
  [137, "Exited with code 137.", "Crashed (exit 137)"],
  [null, "Killed by SIGKILL.", "Crashed (SIGKILL)"],
  [null, "Its folder is missing.", "Crashed"],
])("a crash is named once: %s, %s", (exit_code, status_message, word) => {
  expect(statusWord({ status: "failed", exit_code, status_message } as Container)).toBe(word);
});

test.each([
  ["vite", ".", "Vite in project folder"],
  ["hono", "server", "Hono in server/"],
  [null, ".", "Project folder"],
  ["unknown", "api", "In api/"],
])("an app says what it is built with and where it is: %s in %s", (framework, directory, line) => {
  const app = { status: "running", deployment_mode: "container", container_type: "base", external_endpoint: null, framework, directory };
  expect(containerSummary(app as Container, undefined)).toBe(line);
});
