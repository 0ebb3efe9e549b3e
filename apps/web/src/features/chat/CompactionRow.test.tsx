import { expect, expectAccessible, screen, test } from "../../testing/index.ts";
import { CompactionRow } from "./CompactionRow.tsx";

test("a compaction shows how much it replaced, and its summary on request", async ({ show, user }) => {
  show(
    <CompactionRow
      part={{
        kind: "compaction",
        key: "k1",
        replaced: 42,
        kept: 1,
        tokensBefore: 80_200,
        tokensAfter: 12_000,
        summary: "The app counts.\nA test is missing.",
      }}
    />,
  );
  const row = await screen.findByRole("button", {
    name: "Chat compacted from 80.2k to 12k tokens. The agent sees a summary of 42 older messages and 1 message in full.",
    expanded: false,
  });
  expect(screen.queryByText(/The app counts/)).toBeNull();
  await user.click(row);
  expect(screen.getByLabelText("Summary")).toHaveTextContent("The app counts. A test is missing.");
  await expectAccessible();
});
