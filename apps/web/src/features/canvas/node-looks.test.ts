import type { Container } from "@tesslate/contract";
import { expect, test } from "vitest";
import { statusWord } from "./node-looks.tsx";

test.each([
  [137, "Exited with code 137.", "Crashed (exit 137)"],
  [null, "Killed by SIGKILL.", "Crashed (SIGKILL)"],
  [null, "Its folder is missing.", "Crashed"],
])("a crash is named once: %s, %s", (exit_code, status_message, word) => {
  expect(statusWord({ status: "failed", exit_code, status_message } as Container)).toBe(word);
});
