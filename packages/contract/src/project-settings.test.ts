import { expect, test } from "vitest";
import { areDatabasesSavedWithRuns, isAutoFixOn, isCommitOfRunsOn, isDiagnosticsOn } from "./project-settings.ts";

test.each([
  ["auto_fix", isAutoFixOn],
  ["commit_runs", isCommitOfRunsOn],
  ["agent_diagnostics", isDiagnosticsOn],
])("%s is on unless it is turned off", (name, isOn) => {
  expect([undefined, null, {}, { [name]: true }, { [name]: null }, { other: false }].map(isOn)).toEqual(
    Array.from({ length: 6 }, () => true),
  );
  expect(isOn({ [name]: false })).toBe(false);
});

test("save_databases is off unless it is true", () => {
  expect(
    [undefined, null, {}, { save_databases: false }, { save_databases: "yes" }, { save_databases: true }].map(areDatabasesSavedWithRuns),
  ).toEqual([false, false, false, false, false, true]);
});
