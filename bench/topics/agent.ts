/** Tokens of a small request: the first call of a chat, and "rename a label" from the message to the answer. */
import { call, say, script } from "@tesslate/testkit";
import { createProject } from "../../e2e/account.ts";
import type { Row } from "../report.ts";
import type { BenchContext } from "../context.ts";

export async function measure(context: BenchContext): Promise<Row[]> {
  const { model, person } = await context.shared();
  const project = await createProject(person, "Labels", "react-vite");
  model.setScript(
    script([
      call("read_file", { file_path: "src/pages/home.tsx" }),
      call("edit_file", { file_path: "src/pages/home.tsx", search: "Ready to be built on", replace: "Sales" }),
      say("The heading now reads Sales."),
    ]),
  );
  const calls: { tokens_in: number; tokens_out: number }[] = [];
  let isDone = false;
  for await (const event of person.api.chat.stream({
    body: { project_id: project.id, message: "Rename the heading to Sales", edit_mode: "allow" },
  })) {
    if (event.type === "credits_used") calls.push({ tokens_in: event.data.tokens_in ?? 0, tokens_out: event.data.tokens_out ?? 0 });
    if (event.type === "complete") isDone = event.data.success;
  }
  const sum = (key: "tokens_in" | "tokens_out") => calls.reduce((total, one) => total + one[key], 0);
  return [
    {
      what: "first call of a chat in the React template: prompt, tools, context, message (characters / 4)",
      measured: `${calls[0]?.tokens_in ?? 0} tokens`,
      target: "<= 5,000 tokens",
      meets: isDone && (calls[0]?.tokens_in ?? Infinity) <= 5000,
    },
    {
      what: '"rename a label", end to end',
      measured: `${calls.length} calls, ${sum("tokens_in")} in, ${sum("tokens_out")} out`,
      target: "",
    },
  ];
}
